"""One release of a code system, whatever format it came in."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from commonweal.fhir.errors import FhirError


class ReleaseFault(FhirError):
    """A release's files are not there or not as their publisher describes them; the message says which."""


@dataclass(slots=True)
class Concept:
    """A code with its preferred term; ``terms``: (term, what it is: synonym, fully-specified …) besides."""

    code: str
    display: str
    active: bool = True
    terms: list[tuple[str, str]] = field(default_factory=list)
    properties: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class Release:
    """A code system's concepts and its *is a* pairs (code, broader code). ``complete``: every code is here."""

    url: str
    version: str
    name: str
    concepts: list[Concept]
    broader: list[tuple[str, str]]
    complete: bool = True
    skipped: list[tuple[str, str]] = field(default_factory=list)


def ancestors(codes: Iterable[str], broader: Iterable[tuple[str, str]]) -> Iterator[tuple[str, set[str]]]:
    """Each code with all codes above it, parents before children: the transitive closure of *is a*.

    Pairs that name a code not among ``codes`` are left out. Raises ``ReleaseFault`` on a circle.
    """
    parents: dict[str, set[str]] = {code: set() for code in codes}
    children: dict[str, list[str]] = {}
    for code, above in broader:
        if code in parents and above in parents and above not in parents[code]:
            parents[code].add(above)
            children.setdefault(above, []).append(code)
    waiting = {code: len(listed) for code, listed in parents.items()}
    ready = [code for code, count in waiting.items() if not count]
    known: dict[str, set[str]] = {}
    left = {code: len(below) for code, below in children.items()}
    done = 0
    while ready:
        code = ready.pop()
        done += 1
        upper = set(parents[code])
        for parent in parents[code]:
            upper |= known[parent]
            left[parent] -= 1
            if not left[parent]:
                del known[parent]  # nobody asks again: half a million concepts would not fit all at once
        yield code, upper
        for child in children.get(code, ()):
            waiting[child] -= 1
            if not waiting[child]:
                ready.append(child)
        if children.get(code):
            known[code] = upper
    if done < len(parents):
        circle = sorted(code for code, count in waiting.items() if count)
        raise ReleaseFault(f"concepts are above themselves: {', '.join(circle[:5])}; the release is damaged")
