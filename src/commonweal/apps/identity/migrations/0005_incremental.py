"""What a run over the changes alone needs: the pairs weighed so far, the frequencies they were weighed by, and
which compartments have changed since. Batch role only.
"""

from django.db import migrations

SCHEMA = """
CREATE TABLE identity_pair (
    first  bigint NOT NULL,
    second bigint NOT NULL,
    weight double precision NOT NULL,
    PRIMARY KEY (first, second),
    CHECK (first < second)
);
CREATE INDEX identity_pair_second ON identity_pair (second);
CREATE TABLE identity_frequency (
    field text NOT NULL,
    value text NOT NULL,
    rate  double precision NOT NULL,
    PRIMARY KEY (field, value)
);
CREATE TABLE identity_run (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    records bigint NOT NULL,
    at      timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE SEQUENCE identity_change;
CREATE TABLE identity_changed (
    compartment_id bigint PRIMARY KEY,
    change         bigint NOT NULL DEFAULT nextval('identity_change')
);
REVOKE ALL ON identity_pair, identity_frequency, identity_run, identity_changed FROM commonweal_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON identity_pair, identity_frequency, identity_run, identity_changed
    TO commonweal_batch;
"""
# By trigger, so that no way of writing demographics, a merge or a decision can forget it. They run as the owner: the
# web role writes demographics and decisions and may not see what has changed.
TRIGGERS = """
CREATE FUNCTION identity_note_demographics() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO public.identity_changed (compartment_id) SELECT compartment_id FROM changed_rows
    ON CONFLICT (compartment_id) DO UPDATE SET change = nextval('public.identity_change');
    RETURN NULL;
END $$;
CREATE TRIGGER identity_demographics_new AFTER INSERT ON identity_demographics
    REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION identity_note_demographics();
CREATE TRIGGER identity_demographics_changed AFTER UPDATE ON identity_demographics
    REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION identity_note_demographics();
CREATE FUNCTION identity_note_merge() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO public.identity_changed (compartment_id)
    SELECT compartment_id FROM public.identity_demographics
    WHERE source = NEW.source AND local_id IN (NEW.surviving, NEW.retired)
    ON CONFLICT (compartment_id) DO UPDATE SET change = nextval('public.identity_change');
    RETURN NULL;
END $$;
CREATE TRIGGER identity_merge_new AFTER INSERT ON identity_local_merge
    FOR EACH ROW EXECUTE FUNCTION identity_note_merge();
CREATE FUNCTION identity_note_decision() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO public.identity_changed (compartment_id) VALUES (NEW.first), (NEW.second)
    ON CONFLICT (compartment_id) DO UPDATE SET change = nextval('public.identity_change');
    RETURN NULL;
END $$;
CREATE TRIGGER identity_decision_made AFTER INSERT OR UPDATE ON identity_decision
    FOR EACH ROW EXECUTE FUNCTION identity_note_decision();
REVOKE ALL ON FUNCTION identity_note_demographics(), identity_note_merge(), identity_note_decision() FROM PUBLIC;
"""
UNDO = """
DROP TRIGGER identity_decision_made ON identity_decision;
DROP TRIGGER identity_merge_new ON identity_local_merge;
DROP TRIGGER identity_demographics_changed ON identity_demographics;
DROP TRIGGER identity_demographics_new ON identity_demographics;
DROP FUNCTION identity_note_decision();
DROP FUNCTION identity_note_merge();
DROP FUNCTION identity_note_demographics();
DROP TABLE identity_changed, identity_run, identity_frequency, identity_pair;
DROP SEQUENCE identity_change;
"""


class Migration(migrations.Migration):
    dependencies = [("identity", "0004_review")]

    operations = [migrations.RunSQL(SCHEMA + TRIGGERS, UNDO)]
