"""Findings on their way up: the path below the current object, rule, value, message, severity.

Checks return ``None`` while all is well, so that a faultless resource allocates nothing.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from commonweal.fhir.errors import excerpt
from commonweal.fhir.fhirpath.rules import Around

Fault = tuple[str, str, str, str, str]
Faults = list[Fault] | None
NOT_CHECKED = "not-checked"


@dataclass(slots=True)
class Run:
    """One validation on its way: what surrounds the element, and what could not be judged, each said once."""

    around: Around
    unchecked: dict[str, str] = field(default_factory=dict)  # message → path
    depth: int = 0

    def cannot(self, path: str, why: str) -> None:
        """Note that something could not be judged."""
        self.unchecked.setdefault(why, path)


Check = Callable[[Any, Run], Faults]


def fault(path: str, rule: str, value: Any, message: str, severity: str = "error") -> list[Fault]:
    """One finding as a list."""
    return [(path, rule, "" if value is None else excerpt(value), message, severity)]


def join(parent: str, child: str) -> str:
    """``a`` and ``b`` → ``a.b``; ``a`` and ``[0].b`` → ``a[0].b``."""
    if not parent or not child:
        return parent or child
    return f"{parent}{child}" if child.startswith("[") else f"{parent}.{child}"


def below(name: str, faults: Iterable[Fault]) -> list[Fault]:
    """The findings seen from one element further up."""
    return [(join(name, path), rule, value, message, severity) for path, rule, value, message, severity in faults]


def plus(faults: Faults, more: Faults) -> Faults:
    """Both lists; None when there is neither."""
    if not more:
        return faults
    return more if faults is None else faults + more


def together(checks: list[Check]) -> Check | None:
    """One check of all; None when there are none."""
    if not checks:
        return None
    if len(checks) == 1:
        return checks[0]

    def every(value: Any, run: Run) -> Faults:
        found: Faults = None
        for check in checks:
            found = plus(found, check(value, run))
        return found

    return every
