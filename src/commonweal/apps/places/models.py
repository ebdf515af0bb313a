"""Tables of the places app. Codes are kept as issued; a row is true from ``valid_from`` until ``valid_to``."""

from typing import ClassVar

from django.db import models


class OrganisationRow(models.Model):
    """One organisation (or place, network, system) as it stood between two dates."""

    ods_code = models.TextField()
    name = models.TextField()
    kind = models.TextField()
    roles = models.TextField(default="")
    parent = models.TextField(default="")
    place = models.TextField(default="")
    network = models.TextField(default="")
    address_postcode = models.TextField(default="")
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    successor = models.TextField(default="")

    class Meta:
        db_table = "places_organisation"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ods_code", "valid_from"], name="places_organisation_code_from"),
            models.CheckConstraint(
                condition=models.Q(valid_to__isnull=True) | models.Q(valid_to__gte=models.F("valid_from")),
                name="places_organisation_dates_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.ods_code})"


class SmallAreaRow(models.Model):
    """A lower-layer super output area with its deprivation rank in one version of the index."""

    lsoa = models.TextField()
    name = models.TextField()
    place = models.TextField()
    council = models.TextField()
    imd_version = models.TextField()
    imd_rank = models.IntegerField()
    imd_decile = models.SmallIntegerField()
    imd_quintile = models.SmallIntegerField()

    class Meta:
        db_table = "places_small_area"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["lsoa", "imd_version"], name="places_small_area_lsoa_version"),
            models.CheckConstraint(
                condition=models.Q(imd_decile__range=(1, 10), imd_quintile__range=(1, 5)),
                name="places_small_area_deprivation_in_range",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.lsoa})"


class PostcodeRow(models.Model):
    """The small area a postcode lies in. The postcode is stored without spaces, in capitals."""

    postcode = models.TextField(primary_key=True)
    lsoa = models.TextField()

    class Meta:
        db_table = "places_postcode"

    def __str__(self) -> str:
        return self.postcode
