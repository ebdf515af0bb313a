"""What a large load may do: add rows to the tables of the record, and read none of them.

``commonweal_loader`` is made with the other roles. It cannot sign in; only the batch role may take it on.
"""

from django.db import migrations

TABLES = "record_resource, record_token, record_date, record_string, record_reference, record_number"


class Migration(migrations.Migration):
    dependencies = [("record", "0012_search_reach")]
    operations = [
        migrations.RunSQL(
            "GRANT INSERT ON " + TABLES + " TO commonweal_loader",
            "REVOKE INSERT ON " + TABLES + " FROM commonweal_loader",
        )
    ]
