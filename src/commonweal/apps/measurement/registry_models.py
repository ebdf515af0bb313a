"""Tables of the registry beside the figures: changes and history, imports, published tables, the outcomes framework."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q


class ChangeRow(models.Model):
    """A definition somebody proposes: approved or rejected by somebody else, kept for good."""

    code = models.TextField()
    body = models.JSONField()
    reason = models.TextField()
    proposed_by = models.TextField()
    proposed_name = models.TextField()
    proposed_at = models.DateTimeField()
    state = models.TextField(default="proposed")
    reviewed_by = models.TextField(default="")
    reviewed_name = models.TextField(default="")
    reviewed_at = models.DateTimeField(null=True)
    review_note = models.TextField(default="")

    class Meta:
        db_table = "measurement_definition_change"
        indexes: ClassVar = [models.Index(fields=["code"], name="measurement_change_code")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=["proposed", "approved", "rejected", "withdrawn"]),
                name="measurement_change_state_known",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "rejected"])
                | (~Q(reviewed_by="") & ~Q(reviewed_by=F("proposed_by")) & Q(reviewed_at__isnull=False)),
                name="measurement_change_second_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.state}"


class HistoryRow(models.Model):
    """A definition as it stood after each change, written by the database itself."""

    code = models.TextField()
    valid_from = models.DateField()
    body = models.JSONField()
    changed_at = models.DateTimeField()
    change_id = models.BigIntegerField(null=True)

    class Meta:
        db_table = "measurement_indicator_history"
        indexes: ClassVar = [models.Index(fields=["code", "id"], name="measurement_history_code")]

    def __str__(self) -> str:
        return f"{self.code} at {self.changed_at}"


class ImportRow(models.Model):
    """One reading of a workbook under a mapping: a preview until somebody confirms it."""

    file = models.TextField()
    sha256 = models.TextField()
    mapping = models.TextField()
    state = models.TextField(default="preview")
    read_by = models.TextField()
    read_at = models.DateTimeField()
    stored_at = models.DateTimeField(null=True)
    figures = models.IntegerField(default=0)
    unread = models.IntegerField(default=0)
    series = models.TextField(default="")
    reported = models.TextField(default="")

    class Meta:
        db_table = "measurement_import"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=["preview", "stored", "replaced"]), name="measurement_import_state_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.file} {self.state}"


class EarlierRow(models.Model):
    """What a figure said before a later file for the same month said otherwise (``now_value``; None: left out)."""

    source_key = models.TextField()
    indicator = models.TextField()
    footprint_kind = models.TextField()
    footprint = models.TextField()
    period = models.TextField()
    lens = models.TextField()
    category = models.TextField()
    kind = models.TextField()
    reported = models.TextField()
    value = models.DecimalField(max_digits=24, decimal_places=8, null=True)
    state = models.TextField()
    printed = models.TextField(default="")
    source_file = models.TextField()
    source_line = models.TextField()
    now_value = models.DecimalField(max_digits=24, decimal_places=8, null=True)
    now_state = models.TextField(default="")
    replaced_by = models.TextField()
    replaced_at = models.DateTimeField()

    class Meta:
        db_table = "measurement_earlier"
        indexes: ClassVar = [models.Index(fields=["indicator"], name="measurement_earlier_of")]

    def __str__(self) -> str:
        return f"{self.indicator} {self.period} before {self.replaced_at}"


class RecalibrationRow(models.Model):
    """From ``start`` the lines of an indicator are computed afresh, for a reason that a second person accepted."""

    indicator = models.TextField()
    start = models.DateField()
    until = models.DateField(null=True)
    reason = models.TextField()
    state = models.TextField(default="proposed")
    proposed_by = models.TextField()
    proposed_name = models.TextField()
    proposed_at = models.DateTimeField()
    reviewed_by = models.TextField(default="")
    reviewed_name = models.TextField(default="")
    reviewed_at = models.DateTimeField(null=True)
    review_note = models.TextField(default="")

    class Meta:
        db_table = "measurement_recalibration"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=["proposed", "approved", "rejected", "withdrawn"]),
                name="measurement_recalibration_state_known",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "rejected"])
                | (~Q(reviewed_by="") & ~Q(reviewed_by=F("proposed_by")) & Q(reviewed_at__isnull=False)),
                name="measurement_recalibration_second_person",
            ),
            models.UniqueConstraint(
                fields=["indicator", "start"],
                condition=Q(state__in=["proposed", "approved"]),
                name="measurement_recalibration_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.indicator} from {self.start}"


class ImportCellRow(models.Model):
    """One cell of an imported sheet that holds anything: its text as printed, and what became of it."""

    run = models.ForeignKey(ImportRow, on_delete=models.CASCADE)
    sheet = models.TextField()
    cell = models.TextField()
    printed = models.TextField()
    became = models.TextField()
    rule = models.TextField(default="")
    message = models.TextField(default="")

    class Meta:
        db_table = "measurement_import_cell"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "sheet", "cell"], name="measurement_import_cell_once"),
            models.CheckConstraint(
                condition=Q(became__in=["figure", "label", "heading", "outside", "no_figure", "unread"]),
                name="measurement_import_cell_became_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sheet}!{self.cell}"


class PublishedTableRow(models.Model):
    """A printed table as transcribed: its columns, or the whole text of a file of rules."""

    file = models.TextField(unique=True)
    sha256 = models.TextField()
    form = models.TextField()
    columns = models.JSONField(default=list)
    lines = models.IntegerField()
    body = models.TextField(default="")
    documents = models.JSONField(default=list)
    loaded_at = models.DateTimeField()

    class Meta:
        db_table = "measurement_published_table"

    def __str__(self) -> str:
        return self.file


class PublishedCellRow(models.Model):
    """One cell of a printed table: the text as transcribed, and the number read in it, if there is one."""

    table = models.ForeignKey(PublishedTableRow, on_delete=models.CASCADE)
    row = models.IntegerField()
    place = models.IntegerField()
    printed = models.TextField()
    value = models.DecimalField(max_digits=30, decimal_places=10, null=True)
    comparator = models.TextField(default="")
    unit = models.TextField(default="")
    state = models.TextField(default="")

    class Meta:
        db_table = "measurement_published_cell"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["table", "row", "place"], name="measurement_published_cell_once")
        ]

    def __str__(self) -> str:
        return f"{self.row}/{self.place}"


class AimRow(models.Model):
    """A node of the outcomes framework between two dates: domain, ambition, outcome, measure or objective."""

    kind = models.TextField()
    code = models.TextField()
    name = models.TextField()
    parent = models.TextField(default="")
    place = models.IntegerField()
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    source_file = models.TextField()
    source_line = models.TextField()
    note = models.TextField(default="")

    class Meta:
        db_table = "measurement_aim"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "code", "valid_from"], name="measurement_aim_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["domain", "ambition", "outcome", "measure", "objective"]),
                name="measurement_aim_kind_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AimLinkRow(models.Model):
    """Which indicator says how a measure or an outcome stands, between two dates."""

    aim_kind = models.TextField()
    aim = models.TextField()
    indicator = models.TextField()
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    note = models.TextField(default="")

    class Meta:
        db_table = "measurement_aim_link"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["aim_kind", "aim", "indicator", "valid_from"], name="measurement_aim_link_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.aim} by {self.indicator}"
