"""A supplier's file under its mapping: FHIR resources and problems in file order, whatever the order of its rows.

The file is read twice or three times and never held. First it is surveyed: 8 bytes for each person, demographics and
reference of a row say which people are described in two ways and which references come twice. Only those are then
looked at together: a person is what all their rows say in order of date, and of two rows with one reference the later
counts. Two rows of one date that disagree are both set aside: neither order of them is right. So the rows of a file
can come in any order and the same resources land.
"""

from array import array
from collections.abc import Callable, Iterator
from collections.abc import Mapping as Table
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np
import orjson

from commonweal.feeds import people
from commonweal.feeds.mapped.cells import Checks
from commonweal.feeds.mapped.language import Mapping
from commonweal.feeds.mapped.makers import Makers, Row
from commonweal.feeds.mapped.opening import Opened
from commonweal.feeds.mapped.target import Target, check
from commonweal.feeds.people import Json, Person
from commonweal.feeds.types import Parsed, Problem

Key = tuple[str, str]  # name of the resource in the mapping, reference
Told = tuple[str, ...]  # what a row says of its person, in the order of ``_DEMOGRAPHICS``
_DEMOGRAPHICS = (
    "nhs_number", "family", "given", "birth_date", "death_date", "gender", "ethnicity", "postcode", "practice",
)  # fmt: skip
SAME, LATEST, EARLIER, CONFLICT = range(4)


@dataclass(frozen=True, slots=True)
class Plan:
    """A mapping ready to read with: checked against its target, with the aliases of organisations in force."""

    mapping: Mapping
    targets: tuple[Target, ...]
    aliases: Table[str, str] = field(default_factory=dict)


def plan(mapping: Mapping, aliases: Table[str, str] | None = None) -> Plan:
    """Check a mapping. Raises ``MappingFault``."""
    return Plan(mapping, check(mapping), aliases or {})


def read(stream: BinaryIO, source: str, ready: Plan, nature: str = "") -> Iterator[Parsed | Problem]:
    """Resources and problems in file order, each person's Patient before their first resource.

    A mapping that takes nothing of a person but their number yields no Patient: another feed of the sender tells who
    they are. ``stream`` can go back to its beginning. ``source`` is the ODS code of the sender; ``nature`` the feed by
    whose category it is shared, where that is another. Every row yields something. Never raises for what the bytes are.
    """
    opened = Opened(stream, ready.mapping)
    fault = opened.begin()
    if fault is not None:
        yield fault
        yield from opened.refused(fault.line)
        return
    yield from _File(opened, source, ready, nature).items()


@dataclass(slots=True)
class _Survey:
    """What the rows say together: people told in several ways, and for references that come twice, which row counts."""

    persons: dict[str, Person] = field(default_factory=dict)
    verdicts: dict[Key, dict[int, int]] = field(default_factory=dict)


class _File:
    def __init__(self, opened: Opened, source: str, ready: Plan, nature: str) -> None:
        self.opened = opened
        self.source = source
        mapping = ready.mapping
        position = {name: at for at, name in enumerate(opened.header) if name in mapping.columns}
        makers = Makers(mapping, source, position, ready.aliases)
        self.feed = nature or mapping.feed
        self.checks = Checks(mapping, position)
        self.latest = position[mapping.latest_by] if mapping.latest_by else -1
        self.told: list[Callable[[Row], str]] = [
            makers.text(mapping.person[name]) if name in mapping.person else _nothing for name in _DEMOGRAPHICS
        ]
        self.local = makers.text(mapping.person["local_id"]) if mapping.person else _nothing
        self.whose = bool(mapping.person)
        self.described = len(mapping.person) > 1
        self.rules = [
            (
                target.resource.name,
                [
                    (position[name], frozenset(w.casefold() for w in words))
                    for name, words in target.resource.when.items()
                ],
                [position[name] for name in target.resource.reference],
                makers.resource(target),
            )
            for target in ready.targets
        ]
        self.discriminators = sorted({name for target in ready.targets for name in target.resource.when})
        self.reference_columns = [target.resource.reference[0] for target in ready.targets]

    def items(self) -> Iterator[Parsed | Problem]:
        survey = self._survey()
        introduced: set[str] = set()
        source, feed = self.source, self.feed
        for line, row, raw in self._rows():
            if isinstance(row, Problem):
                yield row
                continue
            local = self.local(row)
            patient = ""
            if self.whose:
                if self.described and local not in introduced:
                    introduced.add(local)
                    person = survey.persons.get(local) or self._person(local, [self._said(row)])
                    yield people.parsed(line, people.patient(source, person), local, feed, raw)
                patient = people.stable_id(source, "Patient", local)
            yield from self._resources(line, row, raw, local, patient, survey)

    def _resources(
        self, line: int, row: Row, raw: bytes, local: str, patient: str, survey: _Survey
    ) -> Iterator[Parsed | Problem]:
        """What a row becomes beside the person: nothing that another row of the file says later."""
        taken = said = False
        for key, make in self._made(row):
            taken = True
            verdict = survey.verdicts[key][line] if key in survey.verdicts else LATEST
            if verdict == CONFLICT:
                said = True
                message = "another row of this file has the same reference and date, and says otherwise; send one"
                yield Problem(line, self.reference_columns[0], "duplicate-id", "", message, raw)
            elif verdict == LATEST:
                said = True
                yield people.parsed(line, make(row, key[1], patient), local if self.whose else None, self.feed, raw)
        if taken and not said:
            yield from self._already_said(line, row, raw, local, patient, survey)
        elif not taken:
            name = self.discriminators[0] if self.discriminators else ""
            message = (
                "the mapping has no resource for this row, or its reference is empty; correct the row or the mapping"
            )
            yield Problem(line, name, "row-not-mapped", "", message, raw)

    def _already_said(
        self, line: int, row: Row, raw: bytes, local: str, patient: str, survey: _Survey
    ) -> Iterator[Parsed | Problem]:
        """A row that adds nothing: it repeats another, or a later one replaces it."""
        for key, make in self._made(row):
            if survey.verdicts[key][line] == SAME:
                yield people.parsed(line, make(row, key[1], patient), local if self.whose else None, self.feed, raw)
                return
        latest = next(
            (number for key, _ in self._made(row) for number, v in survey.verdicts[key].items() if v == LATEST), 0
        )
        where = f"line {latest} of this file is the latest row of it" if latest else "later rows of it disagree"
        yield Problem(line, self.reference_columns[0], "superseded-in-file", "", where, raw)

    def _rows(self) -> Iterator[tuple[int, Row | Problem, bytes]]:
        wrong = self.checks.wrong
        for line, cells, raw in self.opened.lines():
            if isinstance(cells, Problem):
                yield line, cells, raw
                continue
            problem = wrong(line, cells, raw)
            if problem is None and self.whose and not self.local(cells):
                problem = Problem(line, "", "person-not-named", "", "the row names no person; fill in whose it is", raw)
            yield line, problem or cells, raw

    def _made(self, row: Row) -> Iterator[tuple[Key, Callable[[Row, str, str], Json]]]:
        """The resources a row becomes: their keys, and how each is made."""
        for name, when, reference, make in self.rules:
            for at, words in when:
                if row[at].casefold() not in words:
                    break
            else:
                own = row[reference[0]] if len(reference) == 1 else "|".join([row[at] for at in reference])
                if own:
                    yield (name, own), make

    def _said(self, row: Row) -> Told:
        return tuple([tell(row) for tell in self.told])

    def _person(self, local: str, told: list[Told]) -> Person:
        """The person of what rows say, in order of time."""
        person = Person(local)
        for one in told:
            said = dict(zip(_DEMOGRAPHICS, one, strict=True))
            said["gender"] = people.gender(said["gender"]) or ""
            person.hear(**said)
        return person

    def _survey(self) -> _Survey:
        """Which people are told in several ways, and which references come twice, by 8 bytes a row each."""
        who, how, keys = array("q"), array("q"), array("q")
        for _, row, _ in self._rows():
            if isinstance(row, Problem):
                continue
            if self.whose:
                who.append(hash(self.local(row)))
                how.append(hash(self._said(row)))
            for key, _ in self._made(row):
                keys.append(hash(key))
        several, again = _told_in_several_ways(who, how), _more_than_once(keys)
        return self._look_closer(several, again) if several or again else _Survey()

    def _look_closer(self, several: frozenset[int], again: frozenset[int]) -> _Survey:
        """Those people and references, from all their rows."""
        told: dict[str, set[tuple[str, Told]]] = {}
        claims: dict[Key, list[tuple[str, bytes, int]]] = {}
        for line, row, _ in self._rows():
            if isinstance(row, Problem):
                continue
            rank = row[self.latest] if self.latest >= 0 else ""
            local = self.local(row)
            if self.whose and hash(local) in several:
                told.setdefault(local, set()).add((rank, self._said(row)))
            for key, make in self._made(row):
                if hash(key) in again:
                    claims.setdefault(key, []).append((rank, orjson.dumps(make(row, key[1], local)), line))
        return _Survey(
            {local: self._person(local, [said for _, said in sorted(ways)]) for local, ways in told.items()},
            {key: _verdicts(rows) for key, rows in claims.items() if len(rows) > 1},
        )


def _nothing(row: Row) -> str:
    return ""


def _verdicts(rows: list[tuple[str, bytes, int]]) -> dict[int, int]:
    """What becomes of each row (rank, content, line) with one reference."""
    latest = max(rank for rank, _, _ in rows)
    top = {content for rank, content, _ in rows if rank == latest}
    found: dict[int, int] = {}
    counted = False
    for rank, content, line in rows:
        if rank == latest and len(top) > 1:
            found[line] = CONFLICT
        elif content in top and len(top) == 1:
            found[line] = SAME if counted else LATEST
            counted = True
        else:
            found[line] = EARLIER
    return found


def _told_in_several_ways(who: "array[int]", how: "array[int]") -> frozenset[int]:
    """Those of ``who`` that stand beside more than one value of ``how``."""
    if not who:
        return frozenset()
    people_of, ways = np.frombuffer(who, np.int64), np.frombuffer(how, np.int64)
    order = np.argsort(people_of, kind="stable")
    people_of, ways = people_of[order], ways[order]
    differs = (people_of[1:] == people_of[:-1]) & (ways[1:] != ways[:-1])
    return frozenset(people_of[1:][differs].tolist())


def _more_than_once(keys: "array[int]") -> frozenset[int]:
    if not keys:
        return frozenset()
    found, counts = np.unique(np.frombuffer(keys, np.int64), return_counts=True)
    return frozenset(found[counts > 1].tolist())
