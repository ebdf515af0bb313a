"""Functions that run as the owner find their tables in the schema, never among temporary ones.

PostgreSQL looks among temporary tables first unless a search path names them. A role that can make one could
otherwise put rows of its own in front of the gate.
"""

from django.db import migrations

PATH = """
ALTER FUNCTION access_facts SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION access_related SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION access_looked SET search_path = pg_catalog, public, pg_temp;
"""


class Migration(migrations.Migration):
    dependencies = [("access", "0002_audit_and_locks")]
    operations = [migrations.RunSQL(PATH, migrations.RunSQL.noop)]
