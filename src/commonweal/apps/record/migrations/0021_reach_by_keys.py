"""``record_reach`` finds what it looks for by keys, as the functions of 0017 do: it read every reference there is.

Its plan is made once, for no values in particular; for "is any of these a Patient" that was to read the whole table,
which costs 2 ms of every chain and ``_has`` at a million resources and grows with them.
"""

from django.db import migrations

BY_KEYS = """
ALTER FUNCTION record_reach SET enable_seqscan = off;
ALTER FUNCTION record_reach SET enable_hashjoin = off;
ALTER FUNCTION record_reach SET enable_mergejoin = off;
"""
AS_BEFORE = """
ALTER FUNCTION record_reach RESET enable_seqscan;
ALTER FUNCTION record_reach RESET enable_hashjoin;
ALTER FUNCTION record_reach RESET enable_mergejoin;
"""


class Migration(migrations.Migration):
    dependencies = [("record", "0020_add_by_columns")]
    operations = [migrations.RunSQL(BY_KEYS, AS_BEFORE)]
