"""The store: compartments, resources as received, their former versions, and typed search rows.

``docs/explanation/store.md`` explains each choice. Text is ``COLLATE "C"`` (bytes order, leakproof, and the
same on every machine). Search tables carry the compartment and the category so that row security decides
without a join. There are no foreign keys on the bulk tables: a trigger a row would cost more than the row,
and ``commonweal verify`` looks for orphans instead.
"""

from django.db import migrations

SCHEMA = """
CREATE TABLE record_source (
    id               integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source           text COLLATE "C" NOT NULL,
    feed             text COLLATE "C" NOT NULL,
    last_received_at timestamptz,
    last_event_at    timestamptz,
    files            integer NOT NULL DEFAULT 0,
    UNIQUE (source, feed)
);

CREATE TABLE record_compartment (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source   text COLLATE "C" NOT NULL,
    local_id text COLLATE "C" NOT NULL,
    UNIQUE (source, local_id)
);

CREATE SEQUENCE record_resource_rid AS bigint;
CREATE TABLE record_resource (
    rid            bigint PRIMARY KEY DEFAULT nextval('record_resource_rid'),
    compartment_id bigint,
    source_id      integer NOT NULL,
    type           text COLLATE "C" NOT NULL,
    id             text COLLATE "C" NOT NULL,
    category       text COLLATE "C" NOT NULL,
    version        integer NOT NULL DEFAULT 1,
    deleted        boolean NOT NULL DEFAULT false,
    updated        timestamptz NOT NULL DEFAULT now(),
    happened_at    timestamptz,
    xid            xid8 NOT NULL DEFAULT pg_current_xact_id(),
    receipt_id     bigint,
    line           integer,
    digest         bytea NOT NULL,
    body           text NOT NULL,
    UNIQUE (type, id)
);
CREATE INDEX record_resource_person ON record_resource (compartment_id, type, happened_at)
    WHERE compartment_id IS NOT NULL;
CREATE INDEX record_resource_xid ON record_resource (xid);

CREATE TABLE record_history (
    rid            bigint NOT NULL,
    version        integer NOT NULL,
    compartment_id bigint,
    source_id      integer NOT NULL,
    category       text COLLATE "C" NOT NULL,
    deleted        boolean NOT NULL,
    updated        timestamptz NOT NULL,
    replaced       timestamptz NOT NULL DEFAULT now(),
    receipt_id     bigint,
    line           integer,
    digest         bytea NOT NULL,
    body           text NOT NULL,
    PRIMARY KEY (rid, version)
);

CREATE TABLE record_token (
    compartment_id bigint,
    rid            bigint NOT NULL,
    category       text COLLATE "C" NOT NULL,
    param          text COLLATE "C" NOT NULL,
    system         text COLLATE "C" NOT NULL,
    code           text COLLATE "C" NOT NULL
);
CREATE INDEX record_token_person ON record_token (compartment_id, param, code) WHERE compartment_id IS NOT NULL;
CREATE INDEX record_token_other ON record_token (param, code) WHERE compartment_id IS NULL;
CREATE INDEX record_token_other_rid ON record_token (rid) WHERE compartment_id IS NULL;

CREATE TABLE record_date (
    compartment_id bigint,
    rid            bigint NOT NULL,
    category       text COLLATE "C" NOT NULL,
    param          text COLLATE "C" NOT NULL,
    low            timestamptz NOT NULL,
    high           timestamptz NOT NULL
);
CREATE INDEX record_date_person ON record_date (compartment_id, param, low) WHERE compartment_id IS NOT NULL;
CREATE INDEX record_date_other ON record_date (param, low) WHERE compartment_id IS NULL;
CREATE INDEX record_date_other_rid ON record_date (rid) WHERE compartment_id IS NULL;

CREATE TABLE record_string (
    compartment_id bigint,
    rid            bigint NOT NULL,
    category       text COLLATE "C" NOT NULL,
    param          text COLLATE "C" NOT NULL,
    value          text COLLATE "C" NOT NULL
);
CREATE INDEX record_string_person ON record_string (compartment_id, param, value) WHERE compartment_id IS NOT NULL;
CREATE INDEX record_string_other ON record_string (param, value) WHERE compartment_id IS NULL;
CREATE INDEX record_string_other_rid ON record_string (rid) WHERE compartment_id IS NULL;
"""

# The second lock. commonweal_app sees what the gate put into the transaction's context and nothing else;
# unset and empty settings both compare with an empty array, so they show no person and raise no error.
# Only leakproof operators appear, so that the planner may still use an index of the query's own condition.
# FORCE ROW LEVEL SECURITY is not set: the tables' owner only migrates and serves no request.
_PERSON = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
CREATE POLICY served ON {table} FOR SELECT TO commonweal_app USING (
    compartment_id IS NULL
    OR (
        compartment_id = ANY ((SELECT string_to_array(current_setting('commonweal.compartments', true), ','))::bigint[])
        AND category = ANY ((SELECT string_to_array(current_setting('commonweal.categories', true), ','))::text[])
    )
);
CREATE POLICY batch ON {table} TO commonweal_batch USING (true) WITH CHECK (true);
GRANT SELECT ON {table} TO commonweal_app;
"""
_COMPARTMENT = """
ALTER TABLE record_compartment ENABLE ROW LEVEL SECURITY;
CREATE POLICY served ON record_compartment FOR SELECT TO commonweal_app USING (
    id = ANY ((SELECT string_to_array(current_setting('commonweal.compartments', true), ','))::bigint[])
);
CREATE POLICY batch ON record_compartment TO commonweal_batch USING (true) WITH CHECK (true);
GRANT SELECT ON record_compartment, record_source TO commonweal_app;
"""
# What must never change cannot be changed, not even by the role that lands files; it may refresh statistics.
_IMMUTABLE = """
REVOKE UPDATE, DELETE, TRUNCATE ON record_compartment, record_history FROM commonweal_batch;
REVOKE DELETE, TRUNCATE ON record_resource FROM commonweal_batch;
REVOKE USAGE, UPDATE ON SEQUENCE record_resource_rid FROM commonweal_app;
GRANT MAINTAIN ON record_compartment, record_resource, record_token, record_date, record_string TO commonweal_batch;
"""
TABLES = ("record_resource", "record_history", "record_token", "record_date", "record_string")
SECURITY = _COMPARTMENT + "".join(_PERSON.replace("{table}", table) for table in TABLES) + _IMMUTABLE


class Migration(migrations.Migration):
    initial = True
    dependencies: list[tuple[str, str]] = []
    operations = [
        migrations.RunSQL(
            SCHEMA,
            "DROP TABLE record_string, record_date, record_token, record_history, record_resource, "
            "record_compartment, record_source; DROP SEQUENCE record_resource_rid",
        ),
        migrations.RunSQL(SECURITY, migrations.RunSQL.noop),
    ]
