"""Getting resources ready to be stored: everything that needs no database, so that it can run beside one.

``Prepared.add`` turns a parsed resource into the COPY text of the staging tables. It runs in the reading thread
while the database works on the batch before, a resource at a time while it is still in the processor's cache.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b, sha256
from operator import itemgetter
from typing import Any

from commonweal.apps.record import relationships
from commonweal.feeds.people import stable_id
from commonweal.feeds.types import Parsed
from commonweal.fhir.demographics import Demographics, demographics
from commonweal.fhir.search import search_values
from commonweal.fhir.search_parameters import own

# A B-tree entry holds at most a third of a page; longer values are searched by their beginning.
INDEXED = 250
NULL = r"\N"  # of COPY's text format
BACKSLASH, TAB, RETURN, NEWLINE = b"\\\t\r\n"  # as numbers: a number is sought in bytes in a tenth of the time
_NEVER = (-1, b"")  # the wave and digest of a key not seen yet


Values = defaultdict[tuple[Any, ...], list[int]]  # what search_values gives → the ordinals that have it
Rows = list[tuple[bytes, list[int]]]  # likewise, the end of a row as COPY text


@dataclass(slots=True)
class Wave:
    """Resources of a batch with no key twice, as COPY text; the nth row of ``keys`` is ordinal n.

    Search values that several resources have (a code, a day) are held once, with the ordinals of those that have
    it: so they are formatted once, and lie together as in the index by value. ``pack`` turns ``values`` into ``rows``.
    """

    keys: list[tuple[str, str, int]] = field(default_factory=list)  # type, id, line
    whose: list[str | None] = field(default_factory=list)  # the local id of the person each is about
    categories: list[str] = field(default_factory=list)
    items: list[bytes] = field(default_factory=list)  # the end of each row: type, id, when, line, digest, body
    values: tuple[Values, ...] = field(default_factory=lambda: tuple(defaultdict(list) for _ in _FORMATS))
    rows: list[Rows] = field(default_factory=list)  # of each kind, as ``statements.SEARCH_ROWS`` lists them
    systems: dict[int, str] = field(default_factory=dict)  # code systems that search rows name, by number
    demographics: dict[int, tuple[str, Demographics]] = field(default_factory=dict)  # by ordinal: local id, …
    relating: set[int] = field(default_factory=set)  # ordinals of what a relationship rule reads

    def pack(self) -> None:
        """Format the search values, in the order of the index by value; nothing can be added any more."""
        if self.rows:
            return
        for values, (tail, system, value) in zip(self.values, _FORMATS, strict=True):
            listed = sorted(values, key=itemgetter(0, value))
            self.rows.append([(tail(row).encode(), values[row]) for row in listed])
            if system:
                self.systems |= {system_number(row[system]): row[system].replace("\0", "") for row in listed}
            values.clear()
        self.systems.pop(0, None)


@dataclass(slots=True)
class Prepared:
    """A batch ready to store. A key that occurs again with other content goes into a later wave."""

    source: str
    feed: str
    waves: list[Wave] = field(default_factory=list)
    repeated: list[int] = field(default_factory=list)  # lines that repeat what the batch already says
    latest: dict[tuple[str, str], tuple[int, bytes]] = field(default_factory=dict)  # key → its last wave and digest

    def add(self, item: Parsed) -> None:
        """Index, digest and format one resource, which is not needed any more afterwards; touches no database."""
        digest = sha256(item.body).digest()
        key = (item.type, item.id)
        wave, before = self.latest.get(key, _NEVER)
        if before == digest:
            self.repeated.append(item.line)
            return
        self.latest[key] = (wave + 1, digest)
        if len(self.waves) == wave + 1:
            self.waves.append(Wave())
        _add(self.waves[wave + 1], self.source, self.feed, item, digest)

    def bodies(self, lines: Collection[int]) -> dict[int, bytes]:
        """By line, the JSON text that came for it: of several resources of a line the last one's."""
        return {
            line: _unescaped(item[:-1].rpartition(b"\t")[2])
            for wave in self.waves
            for (_, _, line), item in zip(wave.keys, wave.items, strict=True)
            if line in lines
        }

    def pack(self) -> None:
        """Make ready for another process: nothing can be added any more."""
        self.latest.clear()
        for wave in self.waves:
            wave.pack()


def prepare(source: str, feed: str, items: Iterable[Parsed]) -> Prepared:
    """``items`` of one batch, ready to store."""
    prepared = Prepared(source, feed)
    for item in items:
        prepared.add(item)
    return prepared


def staged_items(wave: Wave) -> bytes:
    """The rows of the staging table of resources, as COPY text."""
    heads = (
        f"{n}\t{NULL if person is None else _escape(person)}\t{category}\t".encode()
        for n, (person, category) in enumerate(zip(wave.whose, wave.categories, strict=True))
    )
    return b"".join([head + item for head, item in zip(heads, wave.items, strict=True)])


def _add(wave: Wave, source: str, feed: str, item: Parsed, digest: bytes) -> None:
    """Format one resource, as far as it can be without knowing its numbers."""
    n = len(wave.keys)
    line, kind, ident, person, body, resource, category = item
    wave.keys.append((kind, ident, line))
    wave.whose.append(None if person is None else person.replace("\0", ""))
    wave.categories.append(category)
    if BACKSLASH in body:
        body = body.replace(b"\\", b"\\\\")
    if TAB in body or RETURN in body or NEWLINE in body:
        body = body.replace(b"\t", b"\\t").replace(b"\r", b"\\r").replace(b"\n", b"\\n")
    head = f"{kind}\t{_escape(ident)}\t{happened_at(resource) or NULL}\t{line}\t\\\\x{digest.hex()}\t"
    wave.items.append(b"%b%b\n" % (head.encode(), body))
    index(wave, n, resource, source, person)
    if person is not None:
        if kind == "Patient":
            wave.demographics[n] = (person, demographics(resource))
        if relationships.applies(feed, kind):
            wave.relating.add(n)


def index(wave: Wave, n: int, resource: Mapping[str, Any], source: str, person: str | None) -> None:
    """Add the search rows of ``resource``, ordinal ``n`` of ``wave``.

    ``source`` and local ``person`` are its compartment. The reference that says whose the resource is gets no row
    when it is to the Patient of that compartment: the compartment says it, and it is every other reference there is.
    """
    tokens, dates, strings, references, numbers = wave.values
    found = search_values(resource)
    for row in found.tokens:
        tokens[row].append(n)
    for moment in found.dates:
        dates[moment].append(n)
    for text in found.strings:
        strings[text].append(n)
    for reference in found.references:
        element, _, kind, target = reference
        if kind != "Patient" or not _main(source, person, target) or element not in own(resource["resourceType"]):
            references[reference].append(n)
    for number in found.numbers:
        numbers[number].append(n)


def _main(source: str, person: str | None, patient: str) -> bool:
    """Whether ``patient`` is the id of the Patient of a compartment: the local id, or what a feed makes of it."""
    return person is not None and (patient == person or patient == _patient_id(source, person))


@lru_cache(maxsize=4_096)  # a person's resources come together
def _patient_id(source: str, person: str) -> str:
    return stable_id(source, "Patient", person)


@lru_cache(maxsize=65_536)
def system_number(system: str) -> int:
    """The number of a code system, worked out from its text, so that no lookup is needed to store or to search.

    64 bits of BLAKE2b; 0 for no system. ``record_system`` maps back, for people who read the tables.
    """
    if not system:
        return 0
    return int.from_bytes(blake2b(system.encode("utf-8", "surrogatepass"), digest_size=8).digest(), signed=True)


def _token(row: tuple[Any, ...]) -> str:
    element, item, system, code = row
    return f"\t{element}\t{item}\t{system_number(system)}\t{_indexed(code)}\n"


def _date(row: tuple[Any, ...]) -> str:
    element, item, low, high = row
    return f"\t{element}\t{item}\t{low}\t{high}\n"


def _string(row: tuple[Any, ...]) -> str:
    element, item, value, exact = row
    return f"\t{element}\t{item}\t{_indexed(value)}\t{_indexed(exact)}\n"


def _reference(row: tuple[Any, ...]) -> str:
    element, item, kind, target = row
    return f"\t{element}\t{item}\t{kind}\t{_indexed(target)}\n"


def _number(row: tuple[Any, ...]) -> str:
    element, item, least, most, system, code = row
    return f"\t{element}\t{item}\t{least}\t{most}\t{system_number(system)}\t{_indexed(code)}\n"


# Of each kind of value: the end of its row, and where in it the code system is (0: nowhere) and what is indexed.
_FORMATS: tuple[tuple[Callable[[tuple[Any, ...]], str], int, int], ...] = (
    (_token, 2, 3),
    (_date, 0, 2),
    (_string, 0, 2),
    (_reference, 0, 3),
    (_number, 4, 2),
)


def _indexed(value: str) -> str:
    return _escape(value if len(value) <= INDEXED else value[:INDEXED])


def _escape(value: str) -> str:
    """COPY text format; U+0000 is left out, since PostgreSQL text cannot hold it."""
    if value.isprintable() and "\\" not in value:
        return value
    return (
        value.replace("\x00", "").replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    )


def _unescaped(body: bytes) -> bytes:
    """What ``_add`` made into COPY text, as it was."""
    return _ESCAPED.sub(lambda found: _MEANT[found[0]], body) if BACKSLASH in body else body


_MEANT = {b"\\\\": b"\\", b"\\t": b"\t", b"\\r": b"\r", b"\\n": b"\n"}
_ESCAPED = re.compile(rb"\\[\\trn]")

# The date a clinician would put an entry under, by type: the first element that is there.
_HAPPENED: dict[str, tuple[str, ...]] = {
    "AllergyIntolerance": ("onsetDateTime", "recordedDate"),
    "Appointment": ("start",),
    "CarePlan": ("period.start", "created"),
    "CareTeam": ("period.start",),
    "ClinicalImpression": ("effectiveDateTime", "effectivePeriod.start", "date"),
    "Communication": ("sent",),
    "Consent": ("dateTime",),
    "Condition": ("onsetDateTime", "onsetPeriod.start", "recordedDate"),
    "DeviceRequest": ("occurrenceDateTime", "occurrencePeriod.start", "authoredOn"),
    "DeviceUseStatement": ("timingPeriod.start", "timingDateTime", "recordedOn"),
    "DiagnosticReport": ("effectiveDateTime", "effectivePeriod.start", "issued"),
    "DocumentReference": ("date",),
    "Encounter": ("period.start",),
    "EpisodeOfCare": ("period.start",),
    "FamilyMemberHistory": ("date",),
    "Flag": ("period.start",),
    "Goal": ("startDate",),
    "Immunization": ("occurrenceDateTime",),
    "MedicationRequest": ("authoredOn",),
    "MedicationStatement": ("effectiveDateTime", "effectivePeriod.start", "dateAsserted"),
    "Observation": ("effectiveDateTime", "effectivePeriod.start", "effectiveInstant", "issued"),
    "Procedure": ("performedDateTime", "performedPeriod.start"),
    "QuestionnaireResponse": ("authored",),
    "RiskAssessment": ("occurrenceDateTime", "occurrencePeriod.start"),
    "ServiceRequest": ("occurrenceDateTime", "occurrencePeriod.start", "authoredOn"),
    "SupplyDelivery": ("occurrenceDateTime", "occurrencePeriod.start"),
    "Task": ("authoredOn",),
}
_PATHS = {kind: tuple(path.partition(".")[::2] for path in paths) for kind, paths in _HAPPENED.items()}


def happened(resource: Mapping[str, Any]) -> str | None:
    """The FHIR date that places ``resource`` in time: the first its type has of those a clinician would look for."""
    for name, inner in _PATHS.get(resource["resourceType"], ()):
        value = resource.get(name)
        if inner:
            value = value.get(inner) if value.__class__ is dict else None
        if value.__class__ is str:
            return value
    return None


def happened_at(resource: Mapping[str, Any]) -> str | None:
    """The moment to file ``resource`` under, as PostgreSQL reads it; a partial date counts from its start."""
    value = happened(resource)
    if value is None:
        return None
    if len(value) == 4:
        return value + "-01-01"
    return value + "-01" if len(value) == 7 else value
