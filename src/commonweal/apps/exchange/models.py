"""Receipts, quarantine and messages: what arrived, what of it was refused, and why; and bulk requests."""

from typing import ClassVar
from uuid import uuid4

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now


class Receipt(models.Model):
    """One file of one feed from one source, by the SHA-256 of its bytes. ``cursor`` is the next line to read.

    ``held`` is the SHA-256 of the copy on the landing floor where a lawful removal took lines out of it.
    """

    source = models.CharField(max_length=20)
    feed = models.CharField(max_length=20)
    sha256 = models.CharField(max_length=64)
    held = models.CharField(max_length=64, blank=True, default="")
    name = models.CharField(max_length=255)
    size = models.BigIntegerField()
    state = models.CharField(
        max_length=10, choices=[("received", "Received"), ("landed", "Landed")], default="received"
    )
    received_at = models.DateTimeField()
    landed_at = models.DateTimeField(null=True, blank=True)
    cursor = models.IntegerField(default=1)
    read = models.IntegerField(default=0)
    accepted = models.IntegerField(default=0)
    duplicate = models.IntegerField(default=0)
    quarantined = models.IntegerField(default=0)
    resources = models.IntegerField(default=0)
    mapping = models.CharField(max_length=64, blank=True, default="")  # digest of the mapping it was read with
    filled = models.JSONField(default=dict)  # how many people it tells of, and of how many each field is filled in
    # Of each profile it is held to: how many were checked, how many broke it, and where how often.
    conformance = models.JSONField(default=dict, db_default={})

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["source", "feed", "sha256"], name="exchange_receipt_once"),
            # Nothing is lost: every line read is accounted for, and the database holds us to it.
            models.CheckConstraint(
                condition=models.Q(read=models.F("accepted") + models.F("duplicate") + models.F("quarantined")),
                name="exchange_receipt_nothing_lost",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.feed} {self.source} {self.sha256[:12]}"


class MappingVersion(models.Model):
    """What files were read with, whole: a mapping's text with the codes and aliases of its day, by SHA-256."""

    digest = models.CharField(max_length=64, primary_key=True)
    label = models.TextField()
    text = models.TextField()
    first_used_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.label} {self.digest[:12]}"


class Notice(models.Model):
    """To the integration engineers: a feed is not well. It stands until ``closed_at``."""

    source = models.CharField(max_length=20)
    feed = models.CharField(max_length=20)
    trouble = models.CharField(max_length=20)
    message = models.TextField()
    raised_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["source", "feed", "trouble"], condition=models.Q(closed_at=None), name="exchange_notice_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.feed} {self.source}: {self.trouble}"


class Quarantine(models.Model):
    """One problem of one line. ``raw`` is the line as it came; the application's role may not read it."""

    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT)
    line = models.IntegerField()
    field = models.TextField()
    rule = models.TextField()
    value = models.TextField()
    message = models.TextField()
    raw = models.BinaryField()
    created_at = models.DateTimeField()
    replayed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["receipt", "line"], name="exchange_quarantine_line"),
        ]

    def __str__(self) -> str:
        return f"{self.rule} at line {self.line}"


class Message(models.Model):
    """One HL7 v2 message as it came. All messages of a local person are folded, whatever order they came in."""

    source = models.CharField(max_length=20)
    control_id = models.TextField()
    digest = models.BinaryField()
    mrn = models.TextField()
    also = ArrayField(models.TextField(), default=list)  # other numbers it is about: merged, moved from, swapped with
    event = models.CharField(max_length=10)
    happened = models.DateTimeField()
    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT)
    line = models.IntegerField()
    raw = models.BinaryField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["source", "control_id", "digest"], name="exchange_message_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["source", "mrn"], name="exchange_message_mrn"),
            GinIndex(fields=["also"], name="exchange_message_also", condition=~models.Q(also=[])),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.control_id}"


class BulkRequest(models.Model):
    """A bulk export or import somebody asked for: what, how far it has come, and what came of it.

    ``parameters`` hold what the request said; ``manifest`` what its completion is answered with.
    """

    class Kind(models.TextChoices):
        EXPORT = "export"
        IMPORT = "import"

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        COMPLETED = "completed"
        FAILED = "failed"
        CANCELLED = "cancelled"

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    actor = models.TextField()
    name = models.TextField()
    role = models.TextField()
    organisation = models.CharField(max_length=20)
    purpose = models.TextField()
    address = models.TextField()  # as asked for
    parameters = models.JSONField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    progress = models.TextField(default="")
    created_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    transaction_time = models.DateTimeField(null=True, blank=True)
    watermark = models.BigIntegerField(null=True, blank=True)  # transactions below it are in the export
    manifest = models.JSONField(default=dict)
    message = models.TextField(default="")

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["organisation", "actor", "state"], name="exchange_bulk_whose"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Removal(models.Model):
    """A lawful removal: asked by one person, confirmed by another, done step by step and then only remembered.

    ``targets`` says what is to go, and is emptied once it has gone; ``reached`` counts what went. Neither the web
    nor the batch role may read it: it is worked by the tables' owner, from the command line.
    """

    class State(models.TextChoices):
        ASKED = "asked"
        CONFIRMED = "confirmed"
        ERASED = "erased"  # from the database; its copies are being reached
        DONE = "done"
        REFUSED = "refused"

    reason = models.CharField(max_length=20)
    ground = models.TextField()
    asked_by = models.TextField()
    asked_at = models.DateTimeField(db_default=Now())
    confirmed_by = models.TextField(default="")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ASKED)
    targets = models.JSONField(default=dict)
    reached = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"removal {self.pk}"


class Hold(models.Model):
    """A legal hold: nothing of this compartment may be removed while it stands, whatever the schedule says."""

    compartment_id = models.BigIntegerField(db_index=True)
    ground = models.TextField()
    set_by = models.TextField()
    set_at = models.DateTimeField(db_default=Now())
    lifted_by = models.TextField(default="")
    lifted_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"hold {self.pk}"


class MeshReceived(models.Model):
    """What became of one message of a MESH mailbox, by MESH's own id: written once its content is on the landing floor.

    ``rule``: why it was set aside. A message is acknowledged only once its row is there.
    """

    class State(models.TextChoices):
        LANDED = "landed"
        ASIDE = "aside"
        REPORT = "report"  # MESH tells that a message of ours was not delivered
        DISCARDED = "discarded"  # was set aside, and its content destroyed

    mailbox = models.CharField(max_length=100)
    message_id = models.CharField(max_length=200)
    sender = models.CharField(max_length=100)
    workflow = models.TextField()
    sha256 = models.CharField(max_length=64, blank=True, default="")
    size = models.BigIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State.choices)
    rule = models.CharField(max_length=50, blank=True, default="")
    message = models.TextField(blank=True, default="")
    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, null=True, blank=True)
    received_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["mailbox", "message_id"], name="exchange_mesh_received_once"),
        ]

    def __str__(self) -> str:
        return f"{self.mailbox} {self.message_id}"


class MeshSent(models.Model):
    """One message given to MESH, by our own id for it: ``name/period`` for a scheduled one."""

    class State(models.TextChoices):
        SENDING = "sending"
        SENT = "sent"
        NOTHING = "nothing"  # a scheduled export of nobody
        UNDELIVERED = "undelivered"

    mailbox = models.CharField(max_length=100)
    local_id = models.CharField(max_length=200)
    recipient = models.CharField(max_length=100)
    workflow = models.TextField()
    sha256 = models.CharField(max_length=64, blank=True, default="")
    size = models.BigIntegerField(default=0)
    state = models.CharField(max_length=12, choices=State.choices, default=State.SENDING)
    message_id = models.CharField(max_length=200, blank=True, default="")
    began_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["mailbox", "local_id"], name="exchange_mesh_sent_once"),
        ]

    def __str__(self) -> str:
        return f"{self.mailbox} {self.local_id}"
