"""Who asks, and what the gate answers: a scope of one person, or a refusal that knows what it may say."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from commonweal.domain.access.smart import App
from commonweal.domain.access.vocabulary import CARE_ROLES, Purpose, Role
from commonweal.domain.errors import CommonwealError


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody (or a service) who asks. ``organisation`` is an ODS code; ``person_id`` a citizen's own.

    ``app``: an app that asks in their name, with what it was let do; None when they ask themselves.
    """

    key: str
    name: str
    role: Role
    organisation: str
    team: str = ""
    person_id: UUID | None = None
    app: App | None = None


class RefusedKind(StrEnum):
    """What a refusal may say. ``absent`` must look exactly like a person or item that does not exist."""

    ABSENT = "absent"
    NO_RELATIONSHIP = "no_relationship"
    WITHHELD = "withheld"
    NOT_PERMITTED = "not_permitted"


class Refused(CommonwealError):
    """The gate said no; the refusal is audited and the audit committed.

    ``kind`` tells what may be shown; ``message`` is safe to show; ``may_emergency`` when the actor may go on
    by giving a reason.
    """

    def __init__(self, kind: RefusedKind, message: str, may_emergency: bool = False) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.may_emergency = may_emergency


@dataclass(frozen=True, slots=True)
class Withheld:
    """Something held and not shown: a category, the compartment of a source (ODS code), or that category of a source.

    ``reason``: a ``RestrictionReason``, ``role`` when the role or relationship does not reach it, ``agreement`` when
    no sharing agreement with the source covers it, or ``unconfirmed`` when the relationship that would open it waits.
    """

    category: str
    source: str
    reason: str
    until: datetime | None = None

    def covers(self, category: str) -> bool:
        """Whether entries of this category are among what is withheld."""
        return self.category in ("", category)


@dataclass(frozen=True, slots=True)
class Scope:
    """What one actor may see of one person: these compartments, these categories, and what is withheld.

    ``shut``: categories of single compartments that stay closed although both are open: restricted, and the actor's
    organisation did not write them, or covered by no agreement with that source. Row security holds to it; see
    ``opens``.
    """

    actor: Actor
    purpose: Purpose
    person_id: UUID
    compartments: frozenset[int]
    categories: frozenset[str]
    withheld: tuple[Withheld, ...] = ()
    relationships: frozenset[str] = frozenset()
    may_write: frozenset[str] = frozenset()
    shut: frozenset[tuple[int, str]] = frozenset()

    def opens(self, compartment: int, category: str) -> bool:
        """Whether entries of a category in a compartment are open."""
        return (
            compartment in self.compartments
            and category in self.categories
            and (compartment, category) not in self.shut
        )

    @property
    def may_emergency(self) -> bool:
        """Whether what is withheld can be opened by giving a reason."""
        return bool(self.withheld) and self.actor.role in CARE_ROLES and self.purpose is not Purpose.EMERGENCY


@dataclass(frozen=True, slots=True)
class SourceScope:
    """What one organisation's own entries are open to: these, of whomever they are, and nothing of others'.

    ``source`` is its ODS code; ``may_write`` the categories the actor may write. A partner's system (role
    ``service``) also reads, searches and exports them; a member of care staff only adds, about one open person.
    """

    actor: Actor
    purpose: Purpose
    source: str
    may_write: frozenset[str]
