"""A value set's definition as SQL over the loaded code systems. https://hl7.org/fhir/R4/valueset.html#compositions

Each clause is a fixed piece of SQL with its values bound; pieces are joined by UNION and EXCEPT. What names a system
that is not loaded is noted in ``missing``: then a code found is in, and a code of that system not found is unknown.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from commonweal.apps.record.terminology.errors import NotLoaded, Uncomposable
from commonweal.fhir import definitions
from commonweal.fhir.systems import SNOMED

Json = Mapping[str, Any]
_DEEPEST = 20  # value sets that import value sets
_SNOMED_VS = re.compile(re.escape(SNOMED) + r"(?:/[0-9/a-z]*)?\?fhir_vs(?:=(isa|refset)/([0-9]+)|=(refset))?")


def joined(*pieces: str) -> str:
    """Fixed pieces of SQL as one statement; values are bound, never among the pieces."""
    return "".join(pieces)


@dataclass(slots=True)
class Composed:
    """``sql`` selects (system, code, display, active) with ``values`` bound; '' when nothing could be composed."""

    sql: str = ""
    values: list[Any] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)
    systems: set[str] = field(default_factory=set)
    partial: set[str] = field(default_factory=set)  # systems loaded only in part (fragments, examples)


class Composer:
    """Composes value sets. ``find``: a ValueSet by canonical address; ``systems``: url → (id, complete) as loaded."""

    def __init__(self, find: Callable[[str], Json | None], systems: Mapping[str, tuple[int, bool]]) -> None:
        self._find = find
        self._systems = systems
        self._inside: list[str] = []

    def by_url(self, url: str) -> Composed:
        """The value set at ``url``: loaded, implied by SNOMED CT's addresses, or listed by R4 itself.

        Raises ``NotLoaded`` and ``Uncomposable``.
        """
        if url in self._inside or len(self._inside) >= _DEEPEST:
            raise Uncomposable(f"value set {url} includes itself")
        value_set = self._find(url) or _implied(url) or _standard(url.partition("|")[0])
        if value_set is None:
            raise NotLoaded(f"value set {url} is not loaded; add the package that has it")
        self._inside.append(url)
        try:
            return self.of(value_set)
        finally:
            self._inside.pop()

    def of(self, value_set: Json) -> Composed:
        """The value set of a ValueSet resource. Raises as :meth:`by_url`."""
        compose = value_set.get("compose")
        if not isinstance(compose, dict) or not compose.get("include"):
            return self._expanded(value_set)
        out = Composed()
        parts = [part for one in compose["include"] if (part := self._clause(one, out)) is not None]
        if not parts:
            return out
        sql = " UNION ".join(one for one, _ in parts)
        values = [value for _, bound in parts for value in bound]
        for one in compose.get("exclude") or ():
            part = self._clause(one, out)
            if part is not None:
                # By system and code, whatever the display: EXCEPT would compare that too.
                sql = joined("SELECT * FROM (", sql, ") i WHERE NOT EXISTS (SELECT FROM (", part[0], _SAME)
                values += part[1]
        if compose.get("inactive") is False:
            sql = joined("SELECT * FROM (", sql, ") a WHERE active")
        out.sql, out.values = sql, values
        return out

    def _expanded(self, value_set: Json) -> Composed:
        """A value set that comes as its codes only."""
        stack = list(reversed(value_set.get("expansion", {}).get("contains") or ()))
        if not stack:
            raise Uncomposable(f"value set {value_set.get('url')} has neither a definition nor codes")
        listed: dict[str, list[Json]] = {}
        while stack:
            one = stack.pop()
            if one.get("code") and not one.get("abstract"):
                listed.setdefault(str(one.get("system", "")), []).append(one)
            stack += reversed(one.get("contains") or ())
        return self.of({"compose": {"include": [{"system": s, "concept": c} for s, c in listed.items()]}})

    def _clause(self, clause: Json, out: Composed) -> tuple[str, list[Any]] | None:
        """One include or exclude as SQL; ``None`` where its system is not loaded."""
        imported = [self.by_url(url) for url in clause.get("valueSet") or ()]
        for one in imported:
            out.missing |= one.missing
            out.systems |= one.systems
            out.partial |= one.partial
        parts = [(one.sql, one.values) for one in imported if one.sql]
        if len(parts) < len(imported):
            return None
        if "system" in clause:
            own = self._system(clause, out)
            if own is None:
                return None
            parts.insert(0, own)
        if not parts:
            raise Uncomposable("a value set's clause names neither a system nor a value set")
        sql, values = parts[0]
        for other, bound in parts[1:]:
            sql = joined("SELECT * FROM (", sql, ") i WHERE EXISTS (SELECT FROM (", other, _SAME)
            values = [*values, *bound]
        return sql, values

    def _system(self, clause: Json, out: Composed) -> tuple[str, list[Any]] | None:
        url = str(clause["system"])
        out.systems.add(url)
        number, complete = self._systems.get(url, (None, True))
        listed = clause.get("concept")
        if listed:
            codes = [str(one.get("code", "")) for one in listed]
            displays = [one.get("display") if isinstance(one.get("display"), str) else None for one in listed]
            return _LISTED, [url, codes, displays, number]
        if number is None:
            out.missing.add(url)
            return None
        if not complete:
            out.partial.add(url)
        sql, values = _ALL, [url, number]
        for one in clause.get("filter") or ():
            more, bound = _filter(one, number)
            sql, values = sql + " AND " + more, [*values, *bound]
        return sql, values


_SAME = ") o WHERE o.system = i.system AND o.code = i.code)"
_ALL = "SELECT %s::text AS system, c.code, c.display, c.active FROM record_concept c WHERE c.system_id = %s"
_LISTED = (
    "SELECT %s::text AS system, v.code, coalesce(v.display, c.display, v.code) AS display, coalesce(c.active, true) "
    "AS active FROM unnest(%s::text[], %s::text[]) AS v (code, display) "
    "LEFT JOIN record_concept c ON c.system_id = %s AND c.code = v.code"
)
_ONE = "(SELECT o.id FROM record_concept o WHERE o.system_id = %s AND o.code = %s)"
_BELOW = "EXISTS (SELECT FROM record_concept_below b WHERE b.below = c.id AND b.above = " + _ONE + ")"
_DIRECT = "EXISTS (SELECT FROM record_concept_below b WHERE b.direct AND b.below = c.id AND b.above = " + _ONE + ")"
_ABOVE = "EXISTS (SELECT FROM record_concept_below b WHERE b.above = c.id AND b.below = " + _ONE + ")"
_HAS = "EXISTS (SELECT FROM record_concept_property p WHERE p.concept_id = c.id AND p.property = %s AND "
_ON_CODE = frozenset(("concept", "code"))
_LONGEST_PATTERN = 500


def _filter(one: Json, number: int) -> tuple[str, list[Any]]:
    """One filter as SQL on concept ``c``. https://hl7.org/fhir/R4/valueset-filter-operator.html"""
    name, op, value = str(one.get("property")), str(one.get("op")), str(one.get("value"))
    on_code = name in _ON_CODE
    match op:
        case "is-a":
            return "(c.code = %s OR " + _BELOW + ")", [value, number, value]
        case "descendent-of":
            return _BELOW, [number, value]
        case "is-not-a":
            return "NOT (c.code = %s OR " + _BELOW + ")", [value, number, value]
        case "generalizes":
            return "(c.code = %s OR " + _ABOVE + ")", [value, number, value]
        case "=" if name == "parent":
            return _DIRECT, [number, value]
        case "=" if on_code:
            return "c.code = %s", [value]
        case "=" if name == "display":
            return "c.display = %s", [value]
        case "=":
            return _HAS + "p.value = %s)", [name, value]
        case "in" | "not-in":
            sql, values = _among(name, [item.strip() for item in value.split(",")], on_code)
            return ("NOT " + sql if op == "not-in" else sql), values
        case "exists":
            has = _HAS + "true)"
            return (has if value == "true" else "NOT " + has), [name]
        case "regex" if len(value) <= _LONGEST_PATTERN:
            pattern = "^(?:" + value + ")$"
            return ("c.code ~ %s", [pattern]) if on_code else (_HAS + "p.value ~ %s)", [name, pattern])
    raise Uncomposable(f"filter {name} {op} is not supported")


def _among(name: str, wanted: list[str], on_code: bool) -> tuple[str, list[Any]]:
    if on_code:
        # In SNOMED CT, "concept in X" is membership of the reference set X.
        return "(c.code = ANY (%s) OR " + _HAS + "p.value = ANY (%s)))", [wanted, "memberOf", wanted]
    return _HAS + "p.value = ANY (%s))", [name, wanted]


def _implied(url: str) -> Json | None:
    """The value sets SNOMED CT's own addresses stand for: https://hl7.org/fhir/R4/snomedct.html#implicit"""
    match = _SNOMED_VS.fullmatch(unquote(url))
    if match is None:
        return None
    include: dict[str, Any] = {"system": SNOMED}
    if match[1] == "isa":
        include["filter"] = [{"property": "concept", "op": "is-a", "value": match[2]}]
    elif match[1] == "refset":
        include["filter"] = [{"property": "concept", "op": "in", "value": match[2]}]
    elif match[3]:
        include["filter"] = [{"property": "memberOf", "op": "exists", "value": "true"}]
    return {"url": url, "compose": {"include": [include]}}


def _standard(url: str) -> Json | None:
    """A value set that R4 binds as required and lists itself."""
    listed = definitions.listed(url)
    if listed is None:
        return None
    include = [{"system": s, "concept": [{"code": code} for code in sorted(codes)]} for s, codes in listed.items()]
    return {"url": url, "compose": {"include": include}}
