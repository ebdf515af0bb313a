"""Tables of the measurement app: what is measured, the figures, and the figures that disagree."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from commonweal.apps.measurement.registry_models import (  # Django finds tables here
    AimLinkRow,
    AimRow,
    ChangeRow,
    EarlierRow,
    HistoryRow,
    ImportCellRow,
    ImportRow,
    PublishedCellRow,
    PublishedTableRow,
    RecalibrationRow,
)


class IndicatorRow(models.Model):
    """What a figure measures, as defined between two dates."""

    code = models.TextField()
    name = models.TextField()
    sentence = models.TextField()
    unit = models.TextField()
    direction_of_good = models.TextField()
    service_area = models.TextField()
    owner = models.TextField()
    aggregation = models.TextField()
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    assurance_group = models.TextField(default="")
    rounding = models.SmallIntegerField(null=True)
    period_type = models.TextField(default="any")
    over_footprints = models.TextField(default="none")
    year_to_date = models.TextField(default="")
    targets = models.JSONField(default=list)
    standing = models.TextField(default="live")
    provisional_periods = models.SmallIntegerField(default=0)
    sources = models.JSONField(default=list)
    outcome = models.TextField(default="")
    aim = models.TextField(default="")
    lenses = models.JSONField(default=list)
    disclosure = models.TextField(default="")
    change = models.ForeignKey("ChangeRow", null=True, on_delete=models.PROTECT)  # None: loaded from a file

    class Meta:
        db_table = "measurement_indicator"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["code", "valid_from"], name="measurement_indicator_code_from"),
            models.CheckConstraint(
                condition=Q(direction_of_good__in=["higher", "lower", "neither"]),
                name="measurement_indicator_direction_known",
            ),
            models.CheckConstraint(
                condition=Q(standing__in=["live", "paused", "to_be_confirmed"]),
                name="measurement_indicator_standing_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class MeasurementRow(models.Model):
    """One figure: an indicator for a footprint, a period and a lens, with where it came from."""

    source_key = models.TextField()
    indicator = models.TextField()
    footprint_kind = models.TextField()
    footprint = models.TextField()
    period = models.TextField()
    reported = models.TextField()
    lens = models.TextField()
    category = models.TextField()
    kind = models.TextField()
    value = models.DecimalField(max_digits=24, decimal_places=8, null=True)
    numerator = models.DecimalField(max_digits=24, decimal_places=8, null=True)
    denominator = models.DecimalField(max_digits=24, decimal_places=8, null=True)
    unit = models.TextField()
    state = models.TextField()
    printed = models.TextField(null=True)  # noqa: DJ001  an empty printed cell differs from none printed
    source_file = models.TextField(default="")
    source_line = models.TextField(default="")
    query = models.TextField(default="")
    as_at = models.DateField(null=True)
    note = models.TextField(default="")

    class Meta:
        db_table = "measurement_measurement"
        indexes: ClassVar = [
            models.Index(fields=["reported", "indicator"], name="measurement_reported"),
            models.Index(fields=["indicator", "period", "footprint"], name="measurement_indicator_period"),
            models.Index(fields=["source_key"], name="measurement_source_key"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=["plan", "actual", "printed", "computed"]), name="measurement_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["final", "provisional", "paused", "to_be_confirmed", "suppressed"]),
                name="measurement_state_known",
            ),
            models.CheckConstraint(condition=~Q(source_file="") | ~Q(query=""), name="measurement_has_provenance"),
            models.UniqueConstraint(
                fields=[
                    "source_key",
                    "indicator",
                    "footprint_kind",
                    "footprint",
                    "period",
                    "lens",
                    "category",
                    "kind",
                    "source_line",
                ],
                name="measurement_once_a_source",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.indicator} {self.footprint} {self.period} {self.kind}"


class FindingRow(models.Model):
    """Two figures that ought to agree, and whether they do."""

    source_key = models.TextField()
    reported = models.TextField()
    file = models.TextField()
    line = models.TextField()
    rule = models.TextField()
    printed = models.TextField()
    computed = models.TextField()
    difference = models.TextField()
    severity = models.TextField()
    message = models.TextField()

    class Meta:
        db_table = "measurement_finding"
        indexes: ClassVar = [models.Index(fields=["source_key"], name="measurement_finding_source")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(severity__in=["note", "warning", "error"]), name="measurement_finding_severity_known"
            )
        ]

    def __str__(self) -> str:
        return self.message


__all__ = [
    "AimLinkRow",
    "AimRow",
    "ChangeRow",
    "EarlierRow",
    "FindingRow",
    "HistoryRow",
    "ImportCellRow",
    "ImportRow",
    "IndicatorRow",
    "MeasurementRow",
    "PublishedCellRow",
    "PublishedTableRow",
    "RecalibrationRow",
]
