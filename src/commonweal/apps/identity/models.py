"""Identity tables. A person is a set of compartments; a merge or a split changes only these rows."""

from django.db import models


class Basis(models.TextChoices):
    """Why a compartment is held to be of its person, as direct care may be told."""

    VERIFIED = "verified", "NHS number and birth date agree with another record"
    TRACED = "pds_trace", "The Personal Demographics Service gave the NHS number, which agrees with another"
    ALONE = "alone", "No other record is linked to it"
    MERGED = "merged", "Its own source said that two local records are one person"
    CONFIRMED = "confirmed", "A member of staff compared the records"
    ADDED = "added", "Written about this person, by care staff who had their record open"


class Row(models.Model):
    """A row that prints as its key, so that no log line or traceback shows a person's data."""

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{type(self).__name__} {self.pk}"


class Demographics(Row):
    """What one source says of one local person, with the normalised columns search and linkage use.

    Row security hides every row from the application role unless the gate has opened the compartment.
    """

    compartment_id = models.BigIntegerField(primary_key=True)
    source = models.TextField()
    local_id = models.TextField()
    nhs_number = models.TextField(default="")  # as received
    nhs_usable = models.TextField(null=True, db_index=True)  # noqa: DJ001 (compact; null where it identifies nobody)
    number_status = models.TextField(default="")
    family = models.TextField(default="")
    given = models.TextField(default="")  # all given names, a space between
    family_key = models.TextField(default="")
    given_key = models.TextField(default="")  # first given name
    family_sound = models.TextField(default="")
    given_sound = models.TextField(default="")
    birth_date = models.DateField(null=True, db_index=True)
    death_date = models.DateField(null=True)
    gender = models.TextField(default="")
    ethnicity = models.TextField(default="")
    postcode = models.TextField(default="", db_index=True)  # normalised
    address_line = models.TextField(default="")
    phone = models.TextField(default="")
    practice = models.TextField(default="")
    updated = models.DateTimeField()

    class Meta:
        db_table = "identity_demographics"
        indexes = [
            models.Index(fields=["source", "local_id"], name="identity_local"),
            models.Index(fields=["family_key"], name="identity_family", opclasses=["text_pattern_ops"]),
            models.Index(fields=["given_key"], name="identity_given", opclasses=["text_pattern_ops"]),
            models.Index(fields=["family_sound"], name="identity_family_sound"),
        ]


class Person(Row):
    """A person's stable identifier, in the order first seen. A merged one points at the one that stays."""

    person_id = models.UUIDField(primary_key=True)
    founder = models.BigIntegerField()  # the compartment the identifier was made from
    created = models.DateTimeField()
    merged_into = models.UUIDField(null=True)


class Membership(Row):
    """The person each compartment belongs to, on links direct care may rely on."""

    compartment_id = models.BigIntegerField(primary_key=True)
    person_id = models.UUIDField(db_index=True)
    basis = models.TextField(choices=Basis)
    since = models.DateTimeField()


class Event(Row):
    """A compartment that moved from one person to another: a merge, or a split, with the reason."""

    at = models.DateTimeField()
    kind = models.TextField(choices=[("merge", "merge"), ("split", "split")])
    compartment_id = models.BigIntegerField(db_index=True)
    before = models.UUIDField(db_index=True)
    after = models.UUIDField(db_index=True)
    reason = models.TextField()


class LocalMerge(Row):
    """A source's own statement that its local record ``retired`` is the same person as ``surviving``."""

    source = models.TextField()
    surviving = models.TextField()
    retired = models.TextField()
    at = models.DateTimeField()
    reference = models.TextField()

    class Meta:
        db_table = "identity_local_merge"
        constraints = [
            models.UniqueConstraint(fields=["source", "retired", "surviving"], name="identity_local_merge_once")
        ]


class Probable(Row):
    """The person each compartment belongs to for analysis, probable links included. Never for direct care."""

    compartment_id = models.BigIntegerField(primary_key=True)
    analysis_person_id = models.UUIDField(db_index=True)
    weight = models.FloatField(null=True)  # log2 odds of its best probable link; null where none was needed


class Review(Row):
    """Two compartments a person should look at: not linked and not clearly apart (``doubt``), or a ``sample`` of links.

    ``fields`` is the log2 odds each field adds, by name; null where the pair was not weighed.
    """

    first = models.BigIntegerField()
    second = models.BigIntegerField()
    weight = models.FloatField(null=True)
    reason = models.TextField()
    since = models.DateTimeField()
    kind = models.TextField(default="doubt")
    fields = models.JSONField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["first", "second"], name="identity_review_pair")]


class Decision(Row):
    """One person's word on whether two compartments are one person's. Never changed; undone with a reason."""

    first = models.BigIntegerField()
    second = models.BigIntegerField()
    verdict = models.TextField(choices=[("same", "the same person"), ("different", "different people")])
    reviewer = models.TextField()
    organisation = models.TextField()
    at = models.DateTimeField()
    note = models.TextField()
    needed = models.SmallIntegerField()  # how many different people the rules asked for
    risks = models.JSONField()
    kind = models.TextField()
    weight = models.FloatField(null=True)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.TextField(default="")
    undone_reason = models.TextField(default="")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(first__lt=models.F("second")), name="identity_decision_order"),
            models.UniqueConstraint(
                fields=["first", "second", "reviewer"],
                condition=models.Q(undone_at__isnull=True),
                name="identity_decision_once",
            ),
        ]
        indexes = [models.Index(fields=["first", "second"], name="identity_decision_pair")]
