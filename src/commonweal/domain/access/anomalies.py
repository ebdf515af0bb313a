"""Looks at records that somebody should ask about: what each rule raises, and why, in words.

A rule raises; it does not accuse. What a same surname or a busy week is worth is asked of people.

Volume is judged as a funnel of rates against peers of the same role (D. J. Spiegelhalter, "Funnel plots for comparing
institutional performance", Statistics in Medicine 24 (2005), pp. 1185-1202, section 4 for overdispersion): people
looked at per day worked, outside the limits that hold 99.8% of chance, widened by how much peers differ anyway.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from enum import StrEnum
from uuid import UUID

from commonweal.domain.access.vocabulary import Role
from commonweal.domain.performance.funnel import Adjustment, Basis, funnel


class Rule(StrEnum):
    """Why a look is raised."""

    SURNAME = "surname"
    ADDRESS = "address"
    COLLEAGUE = "colleague"
    WATCHED = "watched"
    HOURS = "hours"
    VOLUME = "volume"


@dataclass(frozen=True, slots=True)
class Hours:
    """When a role's offices are open: weekdays (Monday is 0), from and until, on the clock of ``zone``."""

    days: frozenset[int]
    opens: time
    closes: time
    zone: tzinfo

    def covers(self, moment: datetime) -> bool:
        """Whether ``moment`` (aware) is within them."""
        local = moment.astimezone(self.zone)
        return local.weekday() in self.days and self.opens <= local.time() < self.closes


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a day. ``hours``: by role, none for a role that works at all hours."""

    on: frozenset[Rule]
    hours: Mapping[Role, Hours]
    least_peers: int
    least_looks: int


@dataclass(frozen=True, slots=True)
class Seen:
    """One account's look at one person, or several in one minute."""

    actor: str
    role: Role
    organisation: str
    person_id: UUID
    compartments: tuple[int, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Staff:
    """What is known of an account: its name's key; and, if its own record is on the officer's list, whose and where."""

    name: str
    organisation: str
    person_id: UUID | None = None
    addresses: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Subject:
    """What is known of a person looked at: surname and address keys, whose own record it is, whether it is watched."""

    surnames: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    staff_account: str = ""
    watched: bool = False


@dataclass(frozen=True, slots=True)
class Raised:
    """One thing to ask about. ``person_id`` is None for a volume; ``why`` names no person."""

    rule: Rule
    actor: str
    role: str
    organisation: str
    on: date
    why: str
    person_id: UUID | None = None
    compartments: tuple[int, ...] = ()


def raised(
    seen: Iterable[Seen], staff: Mapping[str, Staff], subjects: Mapping[UUID, Subject], rules: Rules
) -> list[Raised]:
    """What the rules raise of ``seen``: once a rule, account, person and day."""
    found: dict[tuple[Rule, str, UUID, date], Raised] = {}
    unknown = Subject()
    for look in seen:
        on = look.at.date()
        for rule, why in _reasons(look, staff, subjects.get(look.person_id, unknown), rules):
            key = (rule, look.actor, look.person_id, on)
            if rule in rules.on and key not in found:
                found[key] = Raised(
                    rule, look.actor, look.role, look.organisation, on, why, look.person_id, look.compartments
                )
    return list(found.values())


def _reasons(look: Seen, staff: Mapping[str, Staff], subject: Subject, rules: Rules) -> Iterator[tuple[Rule, str]]:
    who = staff.get(look.actor)
    if who is not None and any(f" {who.name}".endswith(f" {one}") for one in subject.surnames):
        yield Rule.SURNAME, "The account and the person have the same surname."
    if who is not None and who.addresses & subject.addresses:
        yield Rule.ADDRESS, "The account's owner and the person have the same address."
    if subject.staff_account == look.actor or (who is not None and who.person_id == look.person_id):
        yield Rule.COLLEAGUE, "They looked at their own record."
    elif subject.staff_account:
        colleague = staff.get(subject.staff_account)
        if colleague is not None and colleague.organisation == look.organisation:
            yield Rule.COLLEAGUE, "The person is a colleague at the same organisation."
    if subject.watched:
        yield Rule.WATCHED, "The person is on your list of records to watch."
    hours = rules.hours.get(look.role)
    if hours is not None and not hours.covers(look.at):
        local = look.at.astimezone(hours.zone)
        yield Rule.HOURS, f"Looked at {local:%H:%M} on a {local:%A}, when this role's offices are closed."


def busiest(seen: Collection[Seen], week: date, rules: Rules) -> list[Raised]:
    """Accounts that looked at more people a day worked, in the week that began on ``week``, than peers by chance would.

    Peers are the accounts of the same role; with fewer than ``least_peers`` of them nothing is raised.
    """
    if Rule.VOLUME not in rules.on:
        return []
    people: dict[Role, dict[str, set[tuple[UUID, date]]]] = defaultdict(lambda: defaultdict(set))
    where: dict[str, str] = {}
    for look in seen:
        people[look.role][look.actor].add((look.person_id, look.at.date()))
        where[look.actor] = look.organisation
    return [
        Raised(Rule.VOLUME, actor, role, where[actor], week, why)
        for role, of_role in people.items()
        for actor, why in _beyond(of_role, rules)
    ]


def _beyond(of_role: Mapping[str, Collection[tuple[UUID, date]]], rules: Rules) -> Iterator[tuple[str, str]]:
    if len(of_role) < rules.least_peers:
        return
    actors = sorted(of_role)
    looks = [len(of_role[actor]) for actor in actors]
    days = [len({day for _, day in of_role[actor]}) for actor in actors]
    chart = funnel(looks, days, basis=Basis.RATIO, adjustment=Adjustment.MULTIPLICATIVE)
    for at, actor in enumerate(actors):
        if chart.place[at] == 2 and looks[at] >= rules.least_looks:
            yield (
                actor,
                f"Looked at {chart.values[at]:.0f} people a day worked in the week; the {len(actors)} accounts of this "
                f"role at {chart.centre:.0f}. Chance and how much peers differ explain up to {chart.high998[at]:.0f}.",
            )


Known = Callable[[Collection[int]], Mapping[int, tuple[str, str]]]
"""Compartments → (surname key, address key) of each, empty where there is none."""
