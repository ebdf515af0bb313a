from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="PostcodeRow",
            fields=[
                ("postcode", models.TextField(primary_key=True, serialize=False)),
                ("lsoa", models.TextField()),
            ],
            options={
                "db_table": "places_postcode",
            },
        ),
        migrations.CreateModel(
            name="OrganisationRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ods_code", models.TextField()),
                ("name", models.TextField()),
                ("kind", models.TextField()),
                ("roles", models.TextField(default="")),
                ("parent", models.TextField(default="")),
                ("place", models.TextField(default="")),
                ("network", models.TextField(default="")),
                ("address_postcode", models.TextField(default="")),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("successor", models.TextField(default="")),
            ],
            options={
                "db_table": "places_organisation",
                "constraints": [
                    models.UniqueConstraint(fields=("ods_code", "valid_from"), name="places_organisation_code_from"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to__isnull", True), ("valid_to__gte", models.F("valid_from")), _connector="OR"
                        ),
                        name="places_organisation_dates_in_order",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SmallAreaRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("lsoa", models.TextField()),
                ("name", models.TextField()),
                ("place", models.TextField()),
                ("council", models.TextField()),
                ("imd_version", models.TextField()),
                ("imd_rank", models.IntegerField()),
                ("imd_decile", models.SmallIntegerField()),
                ("imd_quintile", models.SmallIntegerField()),
            ],
            options={
                "db_table": "places_small_area",
                "constraints": [
                    models.UniqueConstraint(fields=("lsoa", "imd_version"), name="places_small_area_lsoa_version"),
                    models.CheckConstraint(
                        condition=models.Q(("imd_decile__range", (1, 10)), ("imd_quintile__range", (1, 5))),
                        name="places_small_area_deprivation_in_range",
                    ),
                ],
            },
        ),
        # Aggregates and public directories: whoever is signed in may read them, nobody in the app role writes.
        migrations.RunSQL(
            "GRANT SELECT ON places_organisation, places_small_area, places_postcode TO commonweal_app",
            "REVOKE SELECT ON places_organisation, places_small_area, places_postcode FROM commonweal_app",
        ),
    ]
