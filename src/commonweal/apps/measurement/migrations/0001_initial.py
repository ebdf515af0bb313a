from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="FindingRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source_key", models.TextField()),
                ("reported", models.TextField()),
                ("file", models.TextField()),
                ("line", models.TextField()),
                ("rule", models.TextField()),
                ("printed", models.TextField()),
                ("computed", models.TextField()),
                ("difference", models.TextField()),
                ("severity", models.TextField()),
                ("message", models.TextField()),
            ],
            options={
                "db_table": "measurement_finding",
                "indexes": [models.Index(fields=["source_key"], name="measurement_finding_source")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("severity__in", ["note", "warning", "error"])),
                        name="measurement_finding_severity_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="IndicatorRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.TextField()),
                ("name", models.TextField()),
                ("sentence", models.TextField()),
                ("unit", models.TextField()),
                ("direction_of_good", models.TextField()),
                ("service_area", models.TextField()),
                ("owner", models.TextField()),
                ("aggregation", models.TextField()),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
            ],
            options={
                "db_table": "measurement_indicator",
                "constraints": [
                    models.UniqueConstraint(fields=("code", "valid_from"), name="measurement_indicator_code_from"),
                    models.CheckConstraint(
                        condition=models.Q(("direction_of_good__in", ["higher", "lower", "neither"])),
                        name="measurement_indicator_direction_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MeasurementRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source_key", models.TextField()),
                ("indicator", models.TextField()),
                ("footprint_kind", models.TextField()),
                ("footprint", models.TextField()),
                ("period", models.TextField()),
                ("reported", models.TextField()),
                ("lens", models.TextField()),
                ("category", models.TextField()),
                ("kind", models.TextField()),
                ("value", models.DecimalField(decimal_places=8, max_digits=24, null=True)),
                ("numerator", models.DecimalField(decimal_places=8, max_digits=24, null=True)),
                ("denominator", models.DecimalField(decimal_places=8, max_digits=24, null=True)),
                ("unit", models.TextField()),
                ("state", models.TextField()),
                ("printed", models.TextField(null=True)),
                ("source_file", models.TextField(default="")),
                ("source_line", models.TextField(default="")),
                ("query", models.TextField(default="")),
                ("as_at", models.DateField(null=True)),
                ("note", models.TextField(default="")),
            ],
            options={
                "db_table": "measurement_measurement",
                "indexes": [
                    models.Index(fields=["reported", "indicator"], name="measurement_reported"),
                    models.Index(fields=["indicator", "period", "footprint"], name="measurement_indicator_period"),
                    models.Index(fields=["source_key"], name="measurement_source_key"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["plan", "actual", "printed", "computed"])),
                        name="measurement_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["final", "provisional", "paused", "to_be_confirmed", "suppressed"])
                        ),
                        name="measurement_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("source_file", ""), _negated=True),
                            models.Q(("query", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="measurement_has_provenance",
                    ),
                    models.UniqueConstraint(
                        fields=(
                            "source_key",
                            "indicator",
                            "footprint_kind",
                            "footprint",
                            "period",
                            "lens",
                            "category",
                            "kind",
                            "source_line",
                        ),
                        name="measurement_once_a_source",
                    ),
                ],
            },
        ),
        # Aggregates and public directories: whoever is signed in may read them, nobody in the app role writes.
        migrations.RunSQL(
            "GRANT SELECT ON measurement_indicator, measurement_measurement, measurement_finding TO commonweal_app",
            "REVOKE SELECT ON measurement_indicator, measurement_measurement, measurement_finding FROM commonweal_app",
        ),
    ]
