"""Accounts, relationships, restrictions, tokens. The audit tables are plain SQL (migration 0002): insert only."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from commonweal.domain.access.vocabulary import Category, RelationshipKind, RestrictionReason, Role


def _choices(
    kind: type[Role] | type[Category] | type[RelationshipKind] | type[RestrictionReason],
) -> list[tuple[str, str]]:
    return [(item.value, item.value.replace("_", " ").capitalize()) for item in kind]


class UserManager(BaseUserManager["User"]):
    """Looks accounts up by user name; accounts are made by ``actions.create_user``."""


class User(AbstractBaseUser):
    """Somebody who can sign in: one role in one organisation; a citizen carries their person id."""

    username = models.CharField(max_length=150, unique=True)
    name = models.CharField(max_length=200)
    role = models.CharField(max_length=20, choices=_choices(Role))
    organisation = models.CharField(max_length=12, blank=True)
    team = models.CharField(max_length=100, blank=True)
    person_id = models.UUIDField(null=True, blank=True)
    registration = models.CharField(max_length=20, blank=True, default="")  # of a professional register, no spaces
    is_active = models.BooleanField(default=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name", "role"]

    def __str__(self) -> str:
        return self.username


class Token(models.Model):
    """A bearer token for the API: only its SHA-256 is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"token {self.pk}"


class SignIn(models.Model):
    """One attempt to sign in, for rate limiting. The user name is hashed: people type passwords into it."""

    username_digest = models.CharField(max_length=64)
    address = models.CharField(max_length=45)
    at = models.DateTimeField()
    succeeded = models.BooleanField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["username_digest", "at"], name="access_signin_username"),
            models.Index(fields=["address", "at"], name="access_signin_address"),
        ]

    def __str__(self) -> str:
        return f"attempt {self.pk}"


class StoredRelationship(models.Model):
    """An organisation's relationship with a compartment; ``actor_key`` narrows it to one actor (emergency)."""

    organisation = models.CharField(max_length=12)
    compartment_id = models.BigIntegerField()
    kind = models.CharField(max_length=12, choices=_choices(RelationshipKind))
    source = models.CharField(max_length=60)
    actor_key = models.CharField(max_length=200, default="", blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "access_relationship"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["compartment_id", "organisation", "kind", "source", "actor_key", "starts_at"],
                name="access_relationship_once",
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["organisation", "compartment_id"], name="access_relationship_org"),
        ]

    def __str__(self) -> str:
        return f"{self.organisation} {self.kind} {self.compartment_id}"


class Restriction(models.Model):
    """Something withheld: a whole compartment, or (with ``category``) a category of the whole person.

    ``controller`` is the organisation whose compartment it is.
    """

    compartment_id = models.BigIntegerField()
    category = models.CharField(max_length=20, blank=True, default="", choices=_choices(Category))
    reason = models.CharField(max_length=20, choices=_choices(RestrictionReason))
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    controller = models.CharField(max_length=12)
    set_by = models.CharField(max_length=200)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["compartment_id"], name="access_restriction_comp"),
        ]

    def __str__(self) -> str:
        return f"{self.reason} {self.compartment_id} {self.category}"
