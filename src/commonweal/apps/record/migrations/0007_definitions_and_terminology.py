"""What a deployer loads: profiles and value sets by version and date, and code systems with what is below what.

``docs/decisions/definitions-in-tables.md`` says why tables and not files. None of it is about a person, so there is
no row security: the web role reads it, and only commands (the batch role) load it. ``record_concept_below`` holds
every pair of a concept and one below it, so that *is a* is one look-up in either direction.
"""

from django.db import migrations

SCHEMA = """
CREATE TABLE record_definition (
    id              integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind            text COLLATE "C" NOT NULL,
    url             text COLLATE "C" NOT NULL,
    version         text COLLATE "C" NOT NULL,
    package         text COLLATE "C" NOT NULL,
    package_version text COLLATE "C" NOT NULL,
    added_at        timestamptz NOT NULL DEFAULT now(),
    removed_at      timestamptz,
    body            text NOT NULL,
    CHECK (kind IN ('StructureDefinition', 'ValueSet', 'CodeSystem')),
    CHECK (removed_at > added_at)
);
CREATE UNIQUE INDEX record_definition_current ON record_definition (url, version, package) WHERE removed_at IS NULL;
CREATE INDEX record_definition_url ON record_definition (url) WHERE removed_at IS NULL;

CREATE TABLE record_profile_rule (
    id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source     text COLLATE "C" NOT NULL DEFAULT '',
    profile    text COLLATE "C" NOT NULL,
    type       text COLLATE "C" NOT NULL,
    verdict    text COLLATE "C" NOT NULL CHECK (verdict IN ('report', 'refuse')),
    valid_from date NOT NULL,
    valid_to   date CHECK (valid_to > valid_from),
    UNIQUE (source, profile, valid_from)
);

CREATE TABLE record_code_system (
    id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    url        text COLLATE "C" NOT NULL,
    version    text COLLATE "C" NOT NULL,
    name       text NOT NULL,
    complete   boolean NOT NULL,
    concepts   integer NOT NULL,
    definition integer REFERENCES record_definition,
    added_at   timestamptz NOT NULL DEFAULT now(),
    removed_at timestamptz
);
CREATE UNIQUE INDEX record_code_system_current ON record_code_system (url) WHERE removed_at IS NULL;

CREATE SEQUENCE record_concept_number AS integer;
CREATE TABLE record_concept (
    id        integer PRIMARY KEY DEFAULT nextval('record_concept_number'),
    system_id integer NOT NULL REFERENCES record_code_system,
    code      text COLLATE "C" NOT NULL,
    display   text NOT NULL,
    active    boolean NOT NULL,
    UNIQUE (system_id, code)
);
CREATE TABLE record_concept_below (
    above  integer NOT NULL,
    below  integer NOT NULL,
    direct boolean NOT NULL,
    PRIMARY KEY (above, below)
);
CREATE INDEX record_concept_below_below ON record_concept_below (below, above) INCLUDE (direct);
CREATE TABLE record_concept_term (
    concept_id integer NOT NULL,
    term       text NOT NULL,
    use        text COLLATE "C" NOT NULL
);
CREATE INDEX record_concept_term_concept ON record_concept_term (concept_id);
CREATE INDEX record_concept_term_words ON record_concept_term USING gin (to_tsvector('simple', term));
CREATE TABLE record_concept_property (
    concept_id integer NOT NULL,
    property   text COLLATE "C" NOT NULL,
    value      text COLLATE "C" NOT NULL
);
CREATE INDEX record_concept_property_concept ON record_concept_property (concept_id);
CREATE INDEX record_concept_property_value ON record_concept_property (property, value);

CREATE TABLE record_definitions_state (only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), stamp bigint NOT NULL);
INSERT INTO record_definitions_state (stamp) VALUES (0);
"""
TABLES = (
    "record_definition, record_profile_rule, record_code_system, record_concept, record_concept_below, "
    "record_concept_term, record_concept_property, record_definitions_state"
)
# What was loaded when is history: rows are closed, not erased. Concepts are a release's and can be loaded again.
SECURITY = """
GRANT SELECT ON {tables} TO commonweal_app;
GRANT SELECT, INSERT, UPDATE ON {tables} TO commonweal_batch;
GRANT DELETE ON record_concept, record_concept_below, record_concept_term, record_concept_property
    TO commonweal_batch;
GRANT MAINTAIN ON {tables} TO commonweal_batch;
GRANT USAGE ON SEQUENCE record_concept_number TO commonweal_batch;
REVOKE DELETE, TRUNCATE ON record_definition, record_profile_rule, record_code_system, record_definitions_state
    FROM commonweal_batch;
"""


class Migration(migrations.Migration):
    dependencies = [("record", "0006_single_writes")]
    operations = [
        migrations.RunSQL(SCHEMA, None),
        migrations.RunSQL(SECURITY.replace("{tables}", TABLES), migrations.RunSQL.noop),
    ]
