"""A search's parameters, chains and ``_has`` as one condition on ``record_resource r``, held to its reach throughout.

https://hl7.org/fhir/R4/search.html#chaining. A chain reads from the outside in: the resources it starts from refer to
others that are found by the rest of it. Each step is a subquery of its own, which the planner may enter from either
end. A chain has at most two references, and all chains of a search together may go through a bounded number of types.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from commonweal.apps.record.searching import conditions, values
from commonweal.apps.record.searching.conditions import TABLES, Context, Sought
from commonweal.apps.record.searching.reach import Asked, Reach, compartments_of, named, refers_elsewhere
from commonweal.apps.record.searching.terms import (
    MOST_BRANCHES,
    NEVER,
    NOTHING,
    BadSearch,
    Sql,
    UnknownParameter,
    alternatives,
    both,
    either,
    joined,
    same,
    select,
)
from commonweal.apps.record.staging import INDEXED
from commonweal.fhir.compartment import personal
from commonweal.fhir.definitions import resource_types
from commonweal.fhir.search_parameters import Parameter, Read, own, parameters, targets

DEEPEST = 2  # references in a chain
_OF_R = Sql("t.rid = r.rid")
_ANY_OTHER = frozenset(("_id", "_lastUpdated"))
_UPDATED = {
    "eq": ("(r.updated >= %s::timestamptz AND r.updated <= %s::timestamptz)", "lh"),
    "ne": ("(r.updated < %s::timestamptz OR r.updated > %s::timestamptz)", "lh"),
    "gt": ("r.updated > %s::timestamptz", "h"),
    "lt": ("r.updated < %s::timestamptz", "l"),
    "ge": ("r.updated >= %s::timestamptz", "l"),
    "le": ("r.updated <= %s::timestamptz", "h"),
    "sa": ("r.updated > %s::timestamptz", "h"),
    "eb": ("r.updated < %s::timestamptz", "l"),
    "ap": ("(r.updated >= %s::timestamptz AND r.updated <= %s::timestamptz)", "lh"),
}


@dataclass(slots=True)
class Compiler:
    """Compiles the parameters of one search.

    ``pinned``: the compartments to which the search itself (not what its chains reach) is held anyway, by naming
    Patients in the value ``pinned_by``; its rows are looked up by them. ``branches`` counts the types its chains
    went through. ``narrowed``: where the reach is foretold, the first chain or ``_has``, as a query of the compartments
    that it comes down to, which the statement is to give as ``narrowed``.
    """

    reach: Reach
    now: datetime
    pinned: tuple[int, ...] | Sql = ()
    pinned_by: str = ""
    branches: int = 0
    narrowed: Sql = NOTHING

    def condition(self, kind: str, name: str, value: str) -> Sql:
        """One parameter of a search for ``kind``, as a condition on ``r``.

        Raises BadSearch; of it UnknownParameter when the type has no such parameter.
        """
        return self.at_top(kind, self.sought(kind, name, value))

    def at_top(self, kind: str, found: "Sought | Sql") -> Sql:
        """What ``sought`` gave for the search itself, as a condition on ``r``."""
        if isinstance(found, Sql):
            return found
        held = same("t.compartment_id", self.pinned) if self.pinned else Sql("")
        return self.as_rids(kind, replace(found, condition=both(found.condition, held)))

    def sought(self, kind: str, name: str, value: str, depth: int = 0) -> "Sought | Sql":
        """Likewise; rows of one search table where the parameter comes down to them."""
        if name.startswith("_has:"):
            return self._has(kind, name, value, depth)
        step, dot, rest = name.partition(".")
        base, _, modifier = step.partition(":")
        if dot:
            return self._chain(kind, base, modifier, rest, value, depth)
        if base == "_id" and not modifier:
            return same("r.id", alternatives(name, value))
        if base == "_lastUpdated" and not modifier:
            return either(self._updated(name, item) for item in alternatives(name, value))
        parameter = parameters(kind).get(base)
        if parameter is None:
            raise UnknownParameter(f"{kind} has no search parameter {base}")
        if modifier == "missing":
            return self._missing(kind, parameter, value)
        if modifier == "not" and parameter.kind == "token":
            context = Context(kind, self.now)
            return self._without(conditions.sought(context, parameter, "", value))
        if parameter.kind == "reference" and modifier != "identifier":
            return self._reference(kind, parameter, modifier, value, depth)
        found = conditions.sought(Context(kind, self.now), parameter, modifier, value)
        return found.condition if found.table == "record_resource" else found

    def as_rids(self, kind: str, found: Sought) -> Sql:
        """Rows as a condition on ``r``."""
        return Sql("r.rid IN (") + select("t.rid", found.table + " t", self._held(kind, found.condition)) + ")"

    def _held(self, kind: str, condition: Sql, alone: bool = False) -> Sql:
        return both(condition, self.reach.rows(kind, alone))

    def of_type(self, kind: str, columns: str, *held: Sql) -> Sql:
        """A subquery of the resources of ``kind`` within reach that meet ``held``."""
        current = Sql("r.type = %s AND NOT r.deleted", (kind,))
        return select(columns, "record_resource r", both(current, self.reach.resource(kind), *held))

    def _updated(self, name: str, item: str) -> Sql:
        moment = values.moments(name, item, self.now)
        text, ends = _UPDATED[moment.prefix]
        return Sql(text, tuple(moment.first if end == "l" else moment.last for end in ends))

    # --- references -------------------------------------------------------------------------------------------

    def _reference(self, kind: str, parameter: Parameter, modifier: str, value: str, depth: int) -> Sql:
        """https://hl7.org/fhir/R4/search.html#reference"""
        if modifier and modifier not in resource_types():
            raise BadSearch(f"{parameter.name}:{modifier}: the modifier is not supported for a reference")
        said: list[tuple[str, str]] = []  # type or '', id or URL
        for item in alternatives(parameter.name, value):
            before, slash, last = item.rpartition("/")
            if slash and before in resource_types():
                said.append((before, last))
            else:
                said.append((modifier, item))
        if modifier:
            said = [(stated, ident) for stated, ident in said if stated == modifier]
        mine = [read for read in parameter.reads if read.number in own(kind)]
        patients = [
            ident for stated, ident in said if stated in ("", "Patient") and "/" not in ident and ":" not in ident
        ]
        rows = self.as_rids(kind, Sought("record_reference", to(parameter.reads, said))) if said else NEVER
        if not mine or not patients:
            return rows
        if self.reach.of_person:  # any Patient of the person stands for the person: every source is searched
            return Sql("true") if compartments_of(self.reach, patients) else rows
        if depth == 0 and value == self.pinned_by and self.pinned:
            return same("r.compartment_id", self.pinned)
        whose, elsewhere = named(self.reach, patients, [read.number for read in parameter.reads])
        if not whose:
            return rows
        held = same("r.compartment_id", whose)
        return either([held, rows]) if elsewhere else held

    def _numbers(self, parameter: Parameter) -> Sql:
        return same("t.parameter", (read.number for read in parameter.reads))

    # --- missing and not -----------------------------------------------------------------------------------------

    def _missing(self, kind: str, parameter: Parameter, value: str) -> Sql:
        """https://hl7.org/fhir/R4/search.html#modifiers"""
        if value not in ("true", "false"):
            raise BadSearch(f"{parameter.name}:missing={value}: say true or false")
        if parameter.kind == "composite":
            raise BadSearch(f"{parameter.name}:missing: not for a composite; ask of its components")
        there = [self._row(TABLES[parameter.kind], self._numbers(parameter), parameter)]
        if parameter.kind == "reference":
            negated = same("t.parameter", (-read.number for read in parameter.reads))
            there.append(self._row("record_token", negated, parameter))
            if any(read.number in own(kind) for read in parameter.reads):
                there.append(Sql("r.compartment_id IS NOT NULL"))  # whose it is is always said
        return either(there) if value == "false" else Sql("NOT ") + Sql("(") + joined(there, " OR ") + ")"

    def _row(self, table: str, held: Sql, parameter: Parameter) -> Sql:
        kinds = [read.restriction for read in parameter.reads if read.restriction]
        narrowed = Sql("t.kind = ANY (%s)", (kinds,)) if kinds and table == "record_reference" else Sql("")
        return Sql("EXISTS (") + select("", table + " t", both(_OF_R, held, narrowed)) + ")"

    def _without(self, found: Sought) -> Sql:
        return Sql("NOT EXISTS (") + select("", found.table + " t", both(_OF_R, found.condition)) + ")"

    # --- chains --------------------------------------------------------------------------------------------------

    def _chain(self, kind: str, base: str, modifier: str, rest: str, value: str, depth: int) -> "Sought | Sql":
        parameter = parameters(kind).get(base)
        if parameter is None:
            raise UnknownParameter(f"{kind} has no search parameter {base}")
        if parameter.kind != "reference":
            raise BadSearch(f"{base}.{rest}: {base} is no reference, so nothing can be chained to it")
        if depth == DEEPEST:
            raise BadSearch(f"{base}.{rest}: a chain has at most {DEEPEST} references")
        if modifier and modifier not in resource_types():
            raise BadSearch(f"{base}:{modifier}: say a resource type before the rest of a chain")
        listed = self._targets(kind, base, modifier, rest)
        if len(listed) == 1 and not self._mine(kind, parameter, listed[0]):
            inner = self.sought(listed[0], rest, value, depth + 1)
            return Sought("record_reference", self._reference_rows(parameter, listed[0], inner))
        parts: list[Sql] = []
        whose: Sql | None = None
        for target in listed:
            inner = self.sought(target, rest, value, depth + 1)
            if target == "Patient" and self._mine(kind, parameter, target):
                whose = self._whose(target, inner)
            if whose is None or target != "Patient" or self._elsewhere(parameter):
                held = both(self._reference_rows(parameter, target, inner), self.reach.rows(kind))
                parts.append(select("t.rid", "record_reference t", held))
        if whose is None:
            return Sql("r.rid IN (") + joined(parts, " UNION ALL ") + ")"
        if not parts:
            return self._within(whose, depth)
        parts.append(self.of_type(kind, "r.rid", Sql("r.compartment_id IN (") + whose + ")"))
        return Sql("r.rid IN (") + joined(parts, " UNION ALL ") + ")"

    def _mine(self, kind: str, parameter: Parameter, target: str) -> bool:
        """Whether ``parameter`` of ``kind`` may be the reference to a compartment's own Patient, kept as no row."""
        return any(read.number in own(kind) and read.restriction in ("", target) for read in parameter.reads)

    def _elsewhere(self, parameter: Parameter) -> bool:
        return self.reach.of_person or refers_elsewhere(self.reach, [read.number for read in parameter.reads])

    def _targets(self, kind: str, base: str, modifier: str, rest: str) -> list[str]:
        """The types a chain may go through: those a reference may be to that have the rest as a parameter."""
        if modifier:
            listed = [modifier]
        else:
            following = rest.partition(".")[0].partition(":")[0]
            allowed = targets(kind, base) or resource_types()
            listed = sorted(
                t for t in allowed if following in parameters(t) or following in _ANY_OTHER or following == "_has"
            )
        if not listed:
            raise BadSearch(f"{base}.{rest}: no type that {base} refers to has such a parameter")
        self.branches += len(listed)
        if self.branches > MOST_BRANCHES:
            raise BadSearch(f"{base}.{rest}: too many types are possible; name one, as in {base}:{listed[0]}.{rest}")
        return listed

    def _reference_rows(self, parameter: Parameter, target: str, inner: "Sought | Sql") -> Sql:
        """The condition on rows ``t`` that they refer by ``parameter`` to a ``target`` that meets ``inner``."""
        numbers = [read.number for read in parameter.reads if read.restriction in ("", target)]
        met = inner if isinstance(inner, Sql) else self.as_rids(target, inner)
        return both(
            same("t.parameter", numbers) if numbers else NEVER,
            Sql("t.kind = %s", (target,)),
            Sql("t.target IN (") + self.of_type(target, "r.id", met) + ")",
        )

    def _within(self, compartments: Sql, depth: int) -> Sql:
        if not self.reach.foretold or depth or self.narrowed.text:
            return Sql("r.compartment_id IN (") + compartments + ")"
        self.narrowed = compartments
        return same("r.compartment_id", Sql("(SELECT ids FROM narrowed)::bigint[]"))

    def _whose(self, kind: str, inner: "Sought | Sql") -> Sql:
        """Compartments of resources of ``kind`` that meet ``inner``; of search rows alone where they suffice."""
        if isinstance(inner, Sql):
            return self.of_type(kind, "r.compartment_id", inner)
        return select("t.compartment_id", inner.table + " t", self._held(kind, inner.condition, alone=True))

    # --- _has ------------------------------------------------------------------------------------------------------

    def _has(self, kind: str, name: str, value: str, depth: int) -> Sql:
        """https://hl7.org/fhir/R4/search.html#has"""
        if depth == DEEPEST:
            raise BadSearch(f"{name}: _has goes at most {DEEPEST} deep")
        parts = name.split(":", 3)
        if len(parts) < 4:
            raise BadSearch(f"{name}: say _has:Type:reference:parameter")
        _, source, base, rest = parts
        parameter = parameters(source).get(base) if source in resource_types() else None
        if parameter is None or parameter.kind != "reference":
            raise BadSearch(f"{name}: {source} has no reference parameter {base}")
        self.branches += 1
        inner = self.sought(source, rest, value, depth + 1)
        met = inner if isinstance(inner, Sql) else self.as_rids(source, inner)
        reads = [read for read in parameter.reads if read.restriction in ("", kind)]
        if not reads:
            return NEVER
        held = both(
            same("t.parameter", (read.number for read in reads)),
            Sql("t.kind = %s", (kind,)),
            self.reach.rows(source),
            Sql("t.rid IN (") + self.of_type(source, "r.rid", met) + ")",
        )
        by_row = select("t.target", "record_reference t", held)
        if kind != "Patient" or not self._mine(source, parameter, kind):
            return Sql("r.id IN (") + by_row + ")"
        compartments = self._whose(source, inner)
        if not self._elsewhere(parameter):
            return self._within(compartments, depth)
        whose = Sql("r.compartment_id IN (") + compartments + ")"
        found = joined([self.of_type("Patient", "r.rid", whose),
                        self.of_type("Patient", "r.rid", Sql("r.id IN (") + by_row + ")")], " UNION ALL ")  # fmt: skip
        return Sql("r.rid IN (") + found + ")"


def subjects(kind: str, name: str, value: str) -> Asked | None:
    """The Patients by whom a condition holds a search for ``kind`` to their compartments, and the element it reads."""
    parameter = parameters(kind).get(name.removesuffix(":Patient"))
    if parameter is None or len(parameter.reads) != 1 or parameter.reads[0].number not in own(kind):
        return None
    said = tuple(item.removeprefix("Patient/") for item in alternatives(name, value))
    return None if any("/" in item for item in said) else (said, (parameter.reads[0].number,))


def foreseen(kind: str, pairs: Sequence[tuple[str, str]]) -> Asked:
    """What compiling a source's own search for ``kind`` will ask of references to Patients; nothing, for most."""
    if not personal(kind):
        return (), ()
    for name, value in pairs:
        asked = subjects(kind, name, value)
        if asked is not None:
            return asked
    for name, _ in pairs:
        of, base = kind, name.partition(".")[0].partition(":")[0] if "." in name else ""
        if name.startswith("_has:") and name.count(":") > 2:
            _, of, base, _ = name.split(":", 3)
        parameter = parameters(of).get(base) if of in resource_types() else None
        if parameter is not None and any(read.number in own(of) for read in parameter.reads):
            return (), tuple(read.number for read in parameter.reads)
    return (), ()


def pinned(reach: Reach, kind: str, pairs: Iterable[tuple[str, str]]) -> tuple[tuple[int, ...] | Sql, str]:
    """The compartments that a source's own search is held to by naming Patients, and the value that names them.

    What is sought of one person is then looked up by that person, in search rows too.
    """
    if reach.of_person or not reach.source or not personal(kind):
        return (), ""
    for name, value in pairs:
        asked = subjects(kind, name, value)
        if asked is not None:
            if reach.foretold:
                return Sql("(SELECT whose FROM reach)::bigint[]"), value
            whose, elsewhere = named(reach, *asked)
            if whose and not elsewhere:
                return whose, value
    return (), ""


def to(reads: Iterable[Read], said: Iterable[tuple[str, str]]) -> Sql:
    """Reference rows of these elements to these (type or '', id or URL); of a restricted one only to that type."""
    parts = []
    for read in reads:
        for stated, ident in said:
            if read.restriction and stated and stated != read.restriction:
                continue
            kind = read.restriction or stated
            part = Sql("t.parameter = %s AND t.target = %s", (read.number, ident[:INDEXED]))
            parts.append(part + Sql(" AND t.kind = %s", (kind,)) if kind else part)
    return either(Sql("(") + part + ")" for part in parts)
