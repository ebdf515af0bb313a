"""When each mailbox was last polled and what stood in the way; and what its page may read: whence, what for, no content."""

from django.db import migrations

POLLED = """
CREATE TABLE exchange_mesh_polled (
    mailbox text COLLATE "C" PRIMARY KEY,
    polled_at timestamptz,
    trouble text NOT NULL DEFAULT '',
    troubled_at timestamptz
);
GRANT SELECT ON exchange_mesh_polled TO commonweal_app;
GRANT SELECT (id, mailbox, sender, workflow, size, state, rule, receipt_id, received_at, acknowledged_at)
    ON exchange_meshreceived TO commonweal_app;
GRANT SELECT (id, mailbox, local_id, recipient, workflow, size, state, began_at, sent_at)
    ON exchange_meshsent TO commonweal_app;
"""


class Migration(migrations.Migration):
    dependencies = [("exchange", "0013_conformance")]
    operations = [migrations.RunSQL(POLLED, "DROP TABLE exchange_mesh_polled")]
