"""Small checks and how they are put together: of one value, and of all values of an element."""

from collections.abc import Callable, Mapping
from typing import Any, overload

from commonweal.fhir import definitions
from commonweal.fhir.profiles.elements import Gather, Item
from commonweal.fhir.profiles.faults import Check, Faults, Run, below, fault, plus
from commonweal.fhir.profiles.shape import Shape

# A check of one item of an element; a check of all of an element's items in their object.
ItemCheck = Callable[[Item, Run], Faults]
Sorter = Callable[[list[Item], Run], Faults]


def type_named(literal: str, run: Run) -> str:
    """The type of what a literal reference names; '' where it does not say and it is not at hand."""
    target = run.around.resolve(literal) if run.around.resolve else None
    if isinstance(target, dict):
        return str(target.get("resourceType", ""))
    names = [part for part in literal.split("?", maxsplit=1)[0].split("/") if part in definitions.resource_types()]
    return names[-1] if names else ""


def of_types(codes: set[str]) -> ItemCheck:
    """A choice is one of these types."""
    shown = ", ".join(sorted(codes))

    def check(item: Item, run: Run) -> Faults:
        if item.type in codes:
            return None
        return fault("", "profile-type", item.type, f"the profile allows only {shown}")

    return check


def cardinality(shape: Shape, known: Shape) -> Callable[[int], Faults] | None:
    """The profile's own count of an element; None where R4's says as much."""
    low, high = shape.data.get("min", 0), shape.data.get("max", "*")
    if shape is known or (low <= known.data.get("min", 0) and high == known.data.get("max", "*")):
        return None
    return counting(shape.name, low, high)


def counting(name: str, low: int, high: str) -> Callable[[int], Faults]:
    """A check of how many there are; ``high`` may be ``*``."""
    most = None if high == "*" else int(high)

    def check(count: int) -> Faults:
        if count < low:
            return fault(name, "profile-min", None, f"the profile needs {low} of {name}, found {count}")
        if most is not None and count > most:
            return fault(name, "profile-max", None, f"the profile allows {most} of {name}, found {count}")
        return None

    return check


@overload
def on_value(check: Check) -> ItemCheck: ...
@overload
def on_value(check: None) -> None: ...
def on_value(check: Check | None) -> ItemCheck | None:
    """A check of the value itself; a primitive that has only extensions has none."""
    if check is None:
        return None
    return lambda item, run: check(item.value, run) if item.value is not None else None


def by_type(checks: Mapping[str, Check | None]) -> ItemCheck | None:
    """One check for each type a choice may be of."""
    known = {code: check for code, check in checks.items() if check is not None}
    if not known:
        return None
    return lambda item, run: (
        known[item.type](item.value, run) if item.type in known and item.value is not None else None
    )


def within(check: Check | None) -> ItemCheck | None:
    """A check of what is inside a value."""
    return None if check is None else lambda item, run: check(item.inside, run)


def every(checks: list[ItemCheck]) -> ItemCheck | None:
    """One check of all; None when there are none."""
    if not checks:
        return None
    if len(checks) == 1:
        return checks[0]

    def together(item: Item, run: Run) -> Faults:
        found: Faults = None
        for check in checks:
            found = plus(found, check(item, run))
        return found

    return together


def gathered(
    gather: Gather, each: ItemCheck | None, counted: Callable[[int], Faults] | None, sort: Sorter | None
) -> Callable[[dict[str, Any], Run], Faults]:
    """The check of an element in its object: how many there are, each of them, and their slices."""

    def element(owner: dict[str, Any], run: Run) -> Faults:
        items = gather(owner)
        found: Faults = counted(len(items)) if counted is not None else None
        if each is not None:
            for item in items:
                one = each(item, run)
                if one is not None:
                    found = plus(found, below(item.path, one))
        if sort is not None:
            found = plus(found, sort(items, run))
        return found

    return element
