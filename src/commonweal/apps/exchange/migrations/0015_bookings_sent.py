"""Bookings sent from here: when they are for and for which referral; and the addresses of services, apart and dated."""

from django.db import migrations

TABLES = """
ALTER TABLE exchange_bars_request ADD COLUMN starts_at timestamptz, ADD COLUMN ends_at timestamptz,
    ADD COLUMN referral uuid REFERENCES exchange_bars_request (id) ON DELETE SET NULL;
CREATE INDEX exchange_bars_request_referral ON exchange_bars_request (referral) WHERE referral IS NOT NULL;
CREATE UNIQUE INDEX exchange_bars_booking_once ON exchange_bars_request (referral)
    WHERE kind = 'booking' AND way = 'out' AND state IN ('draft', 'booked');
CREATE TABLE exchange_bars_endpoint (
    service_id text COLLATE "C" NOT NULL,
    endpoint text NOT NULL,
    valid_from date NOT NULL,
    valid_to date NOT NULL,
    PRIMARY KEY (service_id, valid_from)
);
GRANT SELECT ON exchange_bars_endpoint TO commonweal_app;
"""


class Migration(migrations.Migration):
    dependencies = [("exchange", "0014_mesh_page")]
    operations = [migrations.RunSQL(TABLES, migrations.RunSQL.noop)]
