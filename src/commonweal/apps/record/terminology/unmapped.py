"""Codes in the record that are in no loaded code system: what an analyst would miss, and a feed's owner can mend."""

from dataclasses import dataclass

from django.db import connection

from commonweal.fhir import definitions
from commonweal.fhir.definitions import resource_types
from commonweal.fhir.search_parameters import indexed

_CODED = frozenset(("CodeableConcept", "Coding"))


@dataclass(frozen=True, slots=True)
class Unmapped:
    """A code as a source sends it, how often, and why it is here: its system is not loaded, or has no such code."""

    system: str
    code: str
    source: str
    rows: int
    reason: str


# Counted first, looked up after: some thousand codes make up many million rows.
_UNMAPPED = """
SELECT coalesce(s.system, ''), t.code, r.source, t.rows,
    CASE WHEN l.id IS NULL THEN 'system-not-loaded' ELSE 'not-a-code-of-it' END
FROM (
    SELECT system, code, source_id, count(*) AS rows FROM record_token
    WHERE parameter = ANY (%s) GROUP BY system, code, source_id
) t
JOIN record_source r ON r.id = t.source_id
LEFT JOIN record_system s ON s.id = t.system
LEFT JOIN record_code_system l ON l.url = s.system AND l.removed_at IS NULL
WHERE NOT EXISTS (SELECT FROM record_concept c WHERE c.system_id = l.id AND c.code = t.code)
ORDER BY t.rows DESC, 1, 2, 3 LIMIT %s
"""


def unmapped(limit: int) -> list[Unmapped]:
    """Codes of coded elements that search indexes, the most frequent first; as the batch role.

    Identifiers, which are about people, are no codes and never among them.
    """
    with connection.cursor() as cursor:
        cursor.execute(_UNMAPPED, [_coded(), limit])
        return [Unmapped(*row) for row in cursor.fetchall()]


def _coded() -> list[int]:
    """The numbers of indexed elements that hold codes of a code system."""
    return [
        item.number
        for kind in resource_types()
        for item in indexed(kind)
        if item.kind == "token" and _type(kind, item.path) in _CODED
    ]


def _type(kind: str, path: str) -> str:
    """The FHIR type of the element at a dotted JSON path; '' where there is none."""
    for step in path.split("."):
        name = step.partition("[")[0]
        if kind not in definitions.paths():
            return ""
        found = ""
        for known, element in definitions.elements(kind).items():
            if known == name:
                found = element.types[0]
            elif known.endswith("[x]") and name.startswith(known[:-3]):
                rest = name[len(known) - 3 :]
                found = next((one for one in element.types if one[:1].upper() + one[1:] == rest), found)
        kind = found
    return kind
