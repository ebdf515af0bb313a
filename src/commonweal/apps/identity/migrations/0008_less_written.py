"""Probable links are kept only where there is one; a view says whose each record is for analysis. And each run's
bias report is kept: counts by group, of nobody. Batch role only.
"""

from django.db import migrations

SCHEMA = """
DELETE FROM identity_probable WHERE weight IS NULL;
CREATE VIEW identity_analysis WITH (security_invoker = true) AS
    SELECT m.compartment_id, coalesce(p.analysis_person_id, m.person_id) AS analysis_person_id
    FROM identity_membership m LEFT JOIN identity_probable p USING (compartment_id) WHERE m.basis <> 'added';
CREATE SEQUENCE identity_bias_run;
CREATE TABLE identity_bias (
    run     bigint NOT NULL,
    at      timestamptz NOT NULL,
    kind    text NOT NULL,
    name    text NOT NULL,
    records bigint NOT NULL,
    linked  bigint NOT NULL,
    doubts  bigint NOT NULL,
    wrong   double precision NOT NULL,
    PRIMARY KEY (run, kind, name)
);
REVOKE ALL ON identity_analysis, identity_bias FROM commonweal_app;
GRANT SELECT ON identity_analysis TO commonweal_batch;
GRANT SELECT, INSERT ON identity_bias TO commonweal_batch;
GRANT USAGE ON SEQUENCE identity_bias_run TO commonweal_batch;
"""
UNDO = "DROP TABLE identity_bias; DROP SEQUENCE identity_bias_run; DROP VIEW identity_analysis"


class Migration(migrations.Migration):
    dependencies = [("identity", "0007_link_at_once")]
    operations = [migrations.RunSQL(SCHEMA, UNDO)]
