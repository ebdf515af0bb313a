"""Tables of the reporting app: frozen versions of packs, and what people say and do about a figure."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q


class VersionRow(models.Model):
    """A pack as frozen: its content never changes, only its state, by a second person."""

    period = models.TextField()
    audience = models.TextField()
    number = models.IntegerField()
    title = models.TextField()
    content_hash = models.TextField()
    body = models.BinaryField()
    figures = models.JSONField()
    state = models.TextField(default="prepared")
    prepared_by = models.TextField()
    prepared_name = models.TextField()
    prepared_at = models.DateTimeField()
    decided_by = models.TextField(default="")
    decided_name = models.TextField(default="")
    decided_at = models.DateTimeField(null=True)
    decision_note = models.TextField(default="")
    withdrawn_by = models.TextField(default="")
    withdrawn_name = models.TextField(default="")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_why = models.TextField(default="")

    class Meta:
        db_table = "reporting_version"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["period", "audience", "number"], name="reporting_version_number"),
            models.CheckConstraint(
                condition=Q(state__in=["prepared", "published", "returned", "withdrawn"]),
                name="reporting_version_state_known",
            ),
            models.CheckConstraint(
                condition=Q(state="prepared")
                | (~Q(decided_by="") & ~Q(decided_by=F("prepared_by")) & Q(decided_at__isnull=False)),
                name="reporting_version_second_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.period} {self.audience} version {self.number}"


class NoteRow(models.Model):
    """A comment on an indicator of a report, why it stands as it does, or an action with owner and due date."""

    period = models.TextField()
    indicator = models.TextField()
    kind = models.TextField()
    text = models.TextField()
    owner = models.TextField(default="")
    due = models.DateField(null=True)
    state = models.TextField(default="")
    written_by = models.TextField()
    written_name = models.TextField()
    written_at = models.DateTimeField()

    class Meta:
        db_table = "reporting_note"
        indexes: ClassVar = [models.Index(fields=["indicator", "period"], name="reporting_note_indicator")]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(kind__in=["comment", "reason", "action"]), name="reporting_note_kind"),
            models.CheckConstraint(
                condition=(~Q(kind="action") & Q(state="") & Q(due__isnull=True))
                | (
                    Q(kind="action")
                    & Q(state__in=["open", "under_way", "done", "cancelled"])
                    & ~Q(owner="")
                    & Q(due__isnull=False)
                ),
                name="reporting_action_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} on {self.indicator}"


class StepRow(models.Model):
    """One step of an action, kept for good."""

    note = models.ForeignKey(NoteRow, on_delete=models.PROTECT)
    step = models.TextField()
    state = models.TextField()
    why = models.TextField(default="")
    taken_by = models.TextField()
    taken_name = models.TextField()
    taken_at = models.DateTimeField()

    class Meta:
        db_table = "reporting_step"

    def __str__(self) -> str:
        return f"{self.step}: {self.state}"
