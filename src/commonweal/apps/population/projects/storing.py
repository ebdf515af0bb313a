"""Projects, extracts and lists as the database has them. Nothing here is about one person."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, LiteralString

from django.db import connection

from commonweal.apps.access import api as access
from commonweal.domain.population.projects import ListState, ProjectPurpose, ProjectState, Proposal, usable


@dataclass(frozen=True, slots=True)
class Project(Proposal):
    """A proposal as it was kept and decided on. ``proposed_by`` and ``decided_by`` are account names."""

    id: int
    state: ProjectState
    proposed_by: str
    proposed_at: datetime
    decided_by: str
    decided_at: datetime | None
    words: str

    def usable(self, on: date) -> bool:
        """Whether it is approved and ``on`` lies between its days."""
        return usable(self.state, self.starts, self.ends, on)

    def agreed(self) -> bool:
        """Whether the sharing agreement it rests on is in force now for what it is for."""
        standing = access.standing_of(self.agreement, access.Purpose(self.purpose.value))
        return standing is access.Standing.IN_FORCE

    def stands(self, on: date) -> bool:
        """Whether data may be made, read or marked in it: usable, on an agreement in force."""
        return self.usable(on) and self.agreed()

    def standing(self, on: date) -> str:
        """``state``, or what time makes of an approved one: ``waiting`` to start, or ``over``."""
        if self.state is not ProjectState.APPROVED or self.usable(on):
            return self.state.value
        return "waiting" if on < self.starts else "over"


@dataclass(frozen=True, slots=True)
class Extract:
    """One extract. ``blanked``: people of whom something was withheld; ``dropped``: left out as still too few;
    ``withheld``: of how many rows a rare value, by ``table.column``.
    """

    id: int
    project_id: int
    number: int
    period: int
    made_at: datetime
    as_at: date
    lake_version: int
    expires_on: date
    people: int
    left_out: int
    blanked: int
    dropped: int
    rows: dict[str, int]
    withheld: dict[str, int]
    digest: str
    state: str
    why: str

    def readable(self, on: date) -> bool:
        """Whether it may still be read: neither withdrawn nor expired."""
        return self.state == "ready" and on <= self.expires_on


@dataclass(frozen=True, slots=True)
class MarkedList:
    """A list of pseudonyms on its way to care: how many, and never which."""

    id: int
    project_id: int
    extract_id: int
    title: str
    reason: str
    offer: str
    marked: int
    marked_by: str
    marked_at: datetime
    state: ListState
    decided_by: str
    decided_at: datetime | None
    words: str
    ends_on: date
    resolved_at: datetime | None

    def open(self, on: date) -> bool:
        """Whether care providers may work with it."""
        return self.state is ListState.ALLOWED and on <= self.ends_on


@dataclass(frozen=True, slots=True)
class TakenUp:
    """A care provider's word that it will act on a list."""

    organisation: str
    account: str
    name: str
    at: datetime
    words: str


_PROJECT: LiteralString = (
    "SELECT code, title, question, purpose, lawful_basis, confidentiality, agreement, controller, dpia, starts, "
    "ends, custodian, analysts, columns, exemption, id, state, proposed_by, proposed_at, decided_by, decided_at, words "
    "FROM population_project "
)
_EXTRACT: LiteralString = (
    "SELECT id, project_id, number, period, made_at, as_at, lake_version, expires_on, people, left_out, blanked, "
    "dropped, rows::text, withheld::text, digest, state, why FROM population_extract "
)
_LIST: LiteralString = (
    "SELECT id, project_id, extract_id, title, reason, offer, marked, marked_by, marked_at, state, decided_by, "
    "decided_at, words, ends_on, resolved_at FROM population_list "
)


def _rows(query: LiteralString, values: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def _project(row: tuple[Any, ...]) -> Project:
    values = list(row)
    values[3], values[12], values[13] = ProjectPurpose(row[3]), tuple(row[12]), tuple(row[13])
    values[16] = ProjectState(row[16])
    return Project(*values)


def _extract(row: tuple[Any, ...]) -> Extract:
    import orjson

    values = list(row)
    values[12], values[13] = orjson.loads(row[12]), orjson.loads(row[13])
    return Extract(*values)


def _list(row: tuple[Any, ...]) -> MarkedList:
    values = list(row)
    values[9] = ListState(row[9])
    return MarkedList(*values)


def projects() -> list[Project]:
    """Every project, the newest first."""
    return [_project(row) for row in _rows(_PROJECT + "ORDER BY id DESC", [])]


def project(code: str, *, lock: bool = False) -> Project | None:
    """The project of this short name; with ``lock``, kept from others until the transaction ends."""
    found = _rows(_PROJECT + ("WHERE code = %s FOR UPDATE" if lock else "WHERE code = %s"), [code])
    return _project(found[0]) if found else None


def project_by_id(ident: int) -> Project:
    """The project an extract or a list belongs to."""
    return _project(_rows(_PROJECT + "WHERE id = %s", [ident])[0])


def extracts(project_id: int) -> list[Extract]:
    """A project's extracts, the newest first."""
    return [_extract(row) for row in _rows(_EXTRACT + "WHERE project_id = %s ORDER BY number DESC", [project_id])]


def extract(project_id: int, number: int) -> Extract | None:
    """One extract of a project."""
    found = _rows(_EXTRACT + "WHERE project_id = %s AND number = %s", [project_id, number])
    return _extract(found[0]) if found else None


def extract_by_id(ident: int) -> Extract:
    """The extract a list was marked in."""
    return _extract(_rows(_EXTRACT + "WHERE id = %s", [ident])[0])


def past_extracts(on: date) -> list[Extract]:
    """Extracts of every project that may not be read any more."""
    return [_extract(row) for row in _rows(_EXTRACT + "WHERE state <> 'ready' OR expires_on < %s", [on])]


def lists(project_id: int | None = None) -> list[MarkedList]:
    """Every list, or a project's, the newest first."""
    found = _rows(_LIST + "WHERE %s::bigint IS NULL OR project_id = %s ORDER BY id DESC", [project_id, project_id])
    return [_list(row) for row in found]


def marked_list(ident: int, *, lock: bool = False) -> MarkedList | None:
    """One list."""
    found = _rows(_LIST + ("WHERE id = %s FOR UPDATE" if lock else "WHERE id = %s"), [ident])
    return _list(found[0]) if found else None


def taken_up(list_id: int) -> list[TakenUp]:
    """Which care providers have taken a list up, the first first."""
    found = _rows(
        "SELECT organisation, account, name, at, words FROM population_list_taken_up WHERE list_id = %s ORDER BY at",
        [list_id],
    )
    return [TakenUp(*row) for row in found]
