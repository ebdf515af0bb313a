"""What a record page shows: the view models of its parts. Nothing here asks or decides."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import NamedTuple

from commonweal.apps.access.api import Message
from commonweal.apps.record.caring import Caring
from commonweal.apps.record.entries import Contact, Entry


@dataclass(frozen=True, slots=True)
class Banner:
    """Who the record is about. ``sex`` is a FHIR gender code; empty text and None are "not recorded"."""

    name: str
    birth_date: date | None
    age: int | None
    death_date: date | None
    sex: str
    nhs_number: str
    address: str
    phone: str
    source: str
    source_name: str


@dataclass(frozen=True, slots=True)
class Section:
    """A list and what to say about what is not in it. ``past`` holds what no longer applies.

    An entry's ``also`` holds what says the same again, from this source or another: folded, never dropped.
    """

    entries: tuple[Entry, ...]
    past: tuple[Entry, ...]
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """One source's word in a difference: the value, who says so, and when that was last updated."""

    value: str
    source_names: tuple[str, ...]
    updated: date | None


@dataclass(frozen=True, slots=True)
class Difference:
    """Something on which sources do not agree; both stand, the latest first."""

    subject: str
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Trend:
    """Values of one measurement over time, oldest first; ``lines`` are SVG points in a box of 120 by 28.

    ``series`` holds the name of each line ('' when there is one); ``words`` says the same in a sentence, and ``span``
    what the line's box spans, since it has no scale: ``May 2016 to Oct 2020, 62.1 to 68.2 kg``.
    """

    unit: str
    series: tuple[str, ...]
    lines: tuple[str, ...]
    words: str
    span: str


class Involvement(NamedTuple):
    """An organisation (or its team) caring for the person. ``since`` and ``until`` None: not known, and ongoing.

    ``who`` is the professional in charge by name, ``post`` what they are there; '' where neither is known.
    """

    organisation: str
    organisation_name: str
    team: str
    role: str
    since: date | None
    until: date | None
    source: str
    source_name: str
    who: str = ""
    post: str = ""


@dataclass(frozen=True, slots=True)
class Completeness:
    """How much of what a feed could say of this person it does say; ``missing`` names the rest."""

    present: int
    expected: int
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SourceHeard:
    """One source's feed: when last heard from, whether that is overdue, how much it holds that is shown."""

    source: str
    source_name: str
    feed: str
    feed_name: str
    last_heard: datetime | None
    overdue: bool
    entries: int
    withheld: bool
    completeness: Completeness | None = None


@dataclass(frozen=True, slots=True)
class Details:
    """What follows the summary. ``trends``: by the code of the measurement.

    ``appointments`` are those to come, soonest first; ``kin`` whom to ring: name, how they are related and telephone;
    ``further`` headings that few records have, as (id, heading, section), only where there is something.
    """

    problems: Section
    medicines: Section
    results: Section
    observations: Section
    vaccinations: Section
    procedures: Section
    services: Section
    referrals: Section
    documents: Section
    social: Section
    family: Section
    other: Section
    involved: tuple[Involvement, ...]
    timeline: tuple[Contact, ...]
    differences: tuple[Difference, ...]
    sources: tuple[SourceHeard, ...]
    trends: dict[str, Trend]
    caring: Caring | None = None
    appointments: Section = Section((), (), ())
    further: tuple[tuple[str, str, Section], ...] = ()
    kin: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class PersonPage:
    """The summary, ready; ``details`` are worked out when they are first asked for, without the database.

    ``notices``: what is withheld or overdue, whatever the section. ``alerts`` are flags in force, ``adjustments``
    reasonable adjustments, ``plans`` what has been agreed with the person: care, advance and emergency plans.
    """

    banner: Banner
    notices: tuple[Message, ...]
    alerts: Section
    adjustments: Section
    allergies: Section
    plans: Section
    later: Callable[[], Details]

    @cached_property
    def details(self) -> Details:
        """The rest of the page."""
        return self.later()
