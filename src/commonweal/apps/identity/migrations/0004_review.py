"""Decisions of clerical review, and what the review pages may read: ids, weights and reasons, no particulars."""

from django.db import migrations, models

# The web role reads the queue through functions, and never who is linked for analysis. Particulars of a pair are
# under row security like everybody's: the gate opens them for a reviewer, pair by pair, and audits it.
REVIEW = """
CREATE FUNCTION identity_review_queue() RETURNS TABLE (
    first bigint, second bigint, weight double precision, reason text, since timestamptz, kind text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT first, second, weight, reason, since, kind FROM public.identity_review
$$;
CREATE FUNCTION identity_review_pair(one bigint, other bigint) RETURNS TABLE (
    weight double precision, reason text, since timestamptz, kind text, fields jsonb
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT weight, reason, since, kind, fields FROM public.identity_review WHERE first = one AND second = other
$$;
CREATE FUNCTION identity_review_counts() RETURNS TABLE (links bigint, queue bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT (SELECT count(*) FROM public.identity_probable WHERE weight IS NOT NULL),
           (SELECT count(*) FROM public.identity_review WHERE kind = 'doubt')
$$;
REVOKE ALL ON FUNCTION identity_review_queue(), identity_review_pair(bigint, bigint), identity_review_counts()
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION identity_review_queue(), identity_review_pair(bigint, bigint), identity_review_counts()
    TO commonweal_app, commonweal_batch;
GRANT SELECT, INSERT ON identity_decision TO commonweal_app;
GRANT UPDATE (undone_at, undone_by, undone_reason) ON identity_decision TO commonweal_app;
GRANT USAGE ON SEQUENCE identity_decision_id_seq TO commonweal_app;
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON identity_decision FROM commonweal_batch;
"""
UNDO = """
DROP FUNCTION identity_review_queue();
DROP FUNCTION identity_review_pair(bigint, bigint);
DROP FUNCTION identity_review_counts();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0003_attachments"),
    ]

    operations = [
        migrations.AddField(
            model_name="review",
            name="fields",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="review",
            name="kind",
            field=models.TextField(default="doubt"),
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("first", models.BigIntegerField()),
                ("second", models.BigIntegerField()),
                ("verdict", models.TextField(choices=[("same", "the same person"), ("different", "different people")])),
                ("reviewer", models.TextField()),
                ("organisation", models.TextField()),
                ("at", models.DateTimeField()),
                ("note", models.TextField()),
                ("needed", models.SmallIntegerField()),
                ("risks", models.JSONField()),
                ("kind", models.TextField()),
                ("weight", models.FloatField(null=True)),
                ("undone_at", models.DateTimeField(null=True)),
                ("undone_by", models.TextField(default="")),
                ("undone_reason", models.TextField(default="")),
            ],
            options={
                "indexes": [models.Index(fields=["first", "second"], name="identity_decision_pair")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("first__lt", models.F("second"))), name="identity_decision_order"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("undone_at__isnull", True)),
                        fields=("first", "second", "reviewer"),
                        name="identity_decision_once",
                    ),
                ],
            },
        ),
        migrations.RunSQL(REVIEW, UNDO),
    ]
