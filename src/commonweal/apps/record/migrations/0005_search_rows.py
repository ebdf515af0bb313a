"""Search rows by indexed element of the standard, for every type and kind of value; and who may write them.

``docs/decisions/search-rows.md`` says why. A row carries the number of an indexed element (``record_parameter`` says
which), not a name: one row serves every parameter that reads the element. Code systems are numbers worked out from
their text (``record_system`` says which). Two indexes a table: by value, and by resource.

An installation that holds resources runs ``commonweal reindex`` after this; until it is done a search says so.
"""

from typing import Any

from django.db import migrations

from commonweal.fhir.definitions import resource_types
from commonweal.fhir.search_parameters import edition, indexed

_HEAD = """
    compartment_id bigint,
    rid            bigint NOT NULL,
"""
_TAIL = """
    source_id      integer NOT NULL,
    parameter      smallint NOT NULL,
    item           smallint NOT NULL,
    category       text COLLATE "C" NOT NULL,
"""
_INDEX = """
CREATE INDEX {table}_value ON {table} (parameter, {value}, source_id, compartment_id, rid);
CREATE INDEX {table}_rid ON {table} (rid);
"""
_VALUES = (  # table, what comes before and after the columns all have, the value of its index
    ("record_token", "system bigint NOT NULL,", 'code text COLLATE "C" NOT NULL', "code"),
    ("record_date", "low timestamptz NOT NULL, high timestamptz NOT NULL,", "", "low"),
    ("record_string", "", 'value text COLLATE "C" NOT NULL, exact text COLLATE "C" NOT NULL', "value"),
    ("record_reference", "", 'kind text COLLATE "C" NOT NULL, target text COLLATE "C" NOT NULL', "target"),
    (
        "record_number",
        "low double precision NOT NULL, high double precision NOT NULL, system bigint NOT NULL,",
        'code text COLLATE "C" NOT NULL',
        "low",
    ),
)


def _table(name: str, wide: str, text: str, value: str) -> str:
    columns = (_HEAD + wide + _TAIL + text).rstrip().rstrip(",")
    return "CREATE TABLE " + name + " (" + columns + ");" + _INDEX.replace("{table}", name).replace("{value}", value)


TABLES = tuple(row[0] for row in _VALUES)
_BESIDE = """
DROP TABLE record_token, record_date, record_string;
CREATE TABLE record_parameter (
    id      smallint PRIMARY KEY,
    type    text COLLATE "C" NOT NULL,
    kind    text COLLATE "C" NOT NULL,
    element text COLLATE "C" NOT NULL
);
CREATE TABLE record_system (id bigint PRIMARY KEY, system text COLLATE "C" NOT NULL);
CREATE TABLE record_indexing (
    only_row   boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    definitions text NOT NULL,
    done       bigint NOT NULL,
    upto       bigint NOT NULL
);
INSERT INTO record_indexing (definitions, done, upto) SELECT '', 0, coalesce(max(rid), 0) FROM record_resource;
CREATE INDEX record_resource_source ON record_resource (source_id, type, compartment_id, rid);
CREATE INDEX record_resource_updated ON record_resource USING brin (updated);
"""
SCHEMA = "".join([_BESIDE, *(_table(*row) for row in _VALUES)])

# What a partner's system may see and do: its own organisation's, whoever they are about. The setting is the
# organisation's ODS code; unset and empty are no source's.
_OWN = (
    "source_id = ANY ((SELECT array_agg(id) FROM record_source "
    "WHERE source = current_setting('commonweal.source', true))::integer[])"
)
_READ = """
CREATE POLICY served ON {table} FOR SELECT TO commonweal_app USING (
    compartment_id IS NULL
    OR (
        compartment_id = ANY ((SELECT string_to_array(current_setting('commonweal.compartments', true), ','))::bigint[])
        AND category = ANY ((SELECT string_to_array(current_setting('commonweal.categories', true), ','))::text[])
    )
    OR {own}
);
"""
_ADD = """
CREATE POLICY added ON {table} FOR INSERT TO commonweal_app WITH CHECK ({own});
GRANT INSERT ON {table} TO commonweal_app;
"""
_NEW = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
CREATE POLICY batch ON {table} TO commonweal_batch USING (true) WITH CHECK (true);
CREATE POLICY removed ON {table} FOR DELETE TO commonweal_app USING ({own});
GRANT SELECT, DELETE ON {table} TO commonweal_app;
GRANT MAINTAIN ON {table} TO commonweal_batch;
"""
_OLD = "DROP POLICY served ON {table};"
_REST = """
CREATE POLICY changed ON record_resource FOR UPDATE TO commonweal_app USING ({own}) WITH CHECK ({own});
GRANT UPDATE ON record_resource TO commonweal_app;
GRANT USAGE ON SEQUENCE record_resource_rid TO commonweal_app;

CREATE POLICY maintained ON record_compartment FOR SELECT TO commonweal_app
    USING (source = current_setting('commonweal.source', true));
CREATE POLICY added ON record_compartment FOR INSERT TO commonweal_app
    WITH CHECK (source = current_setting('commonweal.source', true));
GRANT INSERT ON record_compartment TO commonweal_app;

ALTER TABLE record_source ENABLE ROW LEVEL SECURITY;
CREATE POLICY batch ON record_source TO commonweal_batch USING (true) WITH CHECK (true);
CREATE POLICY served ON record_source FOR SELECT TO commonweal_app USING (true);
CREATE POLICY added ON record_source FOR INSERT TO commonweal_app
    WITH CHECK (source = current_setting('commonweal.source', true));
CREATE POLICY heard ON record_source FOR UPDATE TO commonweal_app
    USING (source = current_setting('commonweal.source', true))
    WITH CHECK (source = current_setting('commonweal.source', true));
GRANT INSERT (source, feed), UPDATE (last_received_at, last_event_at, files) ON record_source TO commonweal_app;

GRANT SELECT ON record_parameter, record_system, record_indexing TO commonweal_app;
GRANT INSERT ON record_system TO commonweal_app;
REVOKE UPDATE, DELETE, TRUNCATE ON record_system FROM commonweal_batch;
"""


def _security() -> str:
    parts = [(_NEW + _READ + _ADD).replace("{table}", table) for table in TABLES]
    parts += [(_OLD + _READ + _ADD).replace("{table}", table) for table in ("record_resource", "record_history")]
    return "".join([*parts, _REST]).replace("{own}", _OWN)


def describe(apps: Any, editor: Any) -> None:
    """Say what the numbers mean; a record that is empty is indexed by them."""
    rows = [(item.number, kind, item.kind, item.path) for kind in sorted(resource_types()) for item in indexed(kind)]
    with editor.connection.cursor() as cursor:
        cursor.executemany("INSERT INTO record_parameter (id, type, kind, element) VALUES (%s, %s, %s, %s)", rows)
        cursor.execute("UPDATE record_indexing SET definitions = %s WHERE upto = 0", [edition()])


class Migration(migrations.Migration):
    dependencies = [("record", "0004_about_nobody")]
    operations = [
        migrations.RunSQL(SCHEMA, None),
        migrations.RunSQL(_security(), migrations.RunSQL.noop),
        migrations.RunPython(describe, migrations.RunPython.noop),
    ]
