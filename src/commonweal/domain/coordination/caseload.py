"""Who works with whom, and who stands in while they are away: pure rules about days.

An allocation and an absence hold from their first to their last day, both included. A cover stands in only for as long
as they are there themselves; covers may be chained, and a ring of covers is nobody.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Allocation:
    """A worker, as a list names them, works with a person for an organisation. ``ends`` None: until further notice."""

    organisation: str
    worker: str
    team: str
    starts: date
    ends: date | None = None

    def holds(self, on: date) -> bool:
        """Whether it is in force on a day."""
        return self.starts <= on and (self.ends is None or on <= self.ends)


@dataclass(frozen=True, slots=True)
class Absence:
    """An account is away, and ``cover`` (empty for nobody by name) stands in."""

    account: str
    starts: date
    ends: date
    cover: str = ""

    def holds(self, on: date) -> bool:
        """Whether it is in force on a day."""
        return self.starts <= on <= self.ends


def away(absences: Iterable[Absence], on: date) -> dict[str, str]:
    """Who is away on a day → who covers for them, empty for nobody by name; of several the one that began last."""
    found: dict[str, tuple[date, str]] = {}
    for one in absences:
        if one.holds(on):
            found[one.account] = max(found.get(one.account, (date.min, "")), (one.starts, one.cover))
    return {account: cover for account, (_, cover) in found.items()}


def stand_in(account: str, gone: Mapping[str, str], able: Collection[str]) -> str:
    """``account`` itself while there, else the first cover of the chain who is there and ``able``; '' for nobody."""
    asked: set[str] = set()
    while account and account not in asked:
        if account not in gone:
            return account if account in able else ""
        asked.add(account)
        account = gone[account]
    return ""
