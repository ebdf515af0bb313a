"""Packages of definitions: added, listed, removed. What was loaded when stays on record.

As the batch role, inside a service run: the commands are the only way in.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from django.db import connection, transaction

from commonweal.apps.record.terminology import loading
from commonweal.domain.errors import CommonwealError
from commonweal.fhir.profiles.library import Library
from commonweal.fhir.profiles.package import Package, read_package
from commonweal.fhir.terminology import lists
from commonweal.fhir.terminology.release import ReleaseFault


class UnknownPackage(CommonwealError):
    """No package of that name and version is loaded."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A package as loaded, with how many definitions of each kind it brought."""

    package: str
    version: str
    profiles: int
    extensions: int
    value_sets: int
    code_systems: int
    added_at: datetime
    removed_at: datetime | None


_CURRENT = """
SELECT id, body FROM record_definition WHERE url = %s AND version = %s AND package = %s AND removed_at IS NULL
"""
_CLOSE = "UPDATE record_definition SET removed_at = clock_timestamp() WHERE id = %s"
_ADD = """
INSERT INTO record_definition (kind, url, version, package, package_version, body) VALUES (%s, %s, %s, %s, %s, %s)
RETURNING id
"""
_CLOSE_ALL = """
UPDATE record_definition SET removed_at = clock_timestamp()
WHERE package = %s AND (%s = '' OR package_version = %s) AND removed_at IS NULL RETURNING id
"""
_THEIR_SYSTEMS = "SELECT url FROM record_code_system WHERE definition = ANY (%s) AND removed_at IS NULL"
_LIST = """
SELECT package, package_version,
    count(*) FILTER (WHERE kind = 'StructureDefinition' AND NOT extension), count(*) FILTER (WHERE extension),
    count(*) FILTER (WHERE kind = 'ValueSet'), count(*) FILTER (WHERE kind = 'CodeSystem'),
    min(added_at), CASE WHEN bool_and(removed_at IS NOT NULL) THEN max(removed_at) END
FROM (
    SELECT *, kind = 'StructureDefinition' AND body::json ->> 'type' = 'Extension' AS extension FROM record_definition
) d
GROUP BY package, package_version
HAVING %s OR bool_or(removed_at IS NULL)
ORDER BY package, min(added_at)
"""


def add(path: Path) -> dict[str, Any]:
    """Load the package at ``path`` (.tgz, folder or one JSON file); loading it again changes nothing.

    → {package, version, added, unchanged, replaced, code_systems, concepts, skipped, unusable}. ``unusable``:
    [(url, why)] of profiles that cannot be put together with what is loaded; they may be with a further package.
    Raises ``PackageFault``; then nothing has changed.
    """
    package = read_package(path)
    counts: dict[str, Any] = {"package": package.name, "version": package.version}
    counts |= {"added": 0, "unchanged": 0, "replaced": 0, "code_systems": 0, "concepts": 0}
    skipped = list(package.skipped)
    with transaction.atomic(), connection.cursor() as cursor:
        for resource in package.definitions:
            number = _put(cursor, package, resource, counts)
            if number is not None and resource["resourceType"] == "CodeSystem":
                skipped += _load_codes(resource, number, counts)
        loading.changed(cursor)
    counts["skipped"] = skipped
    counts["unusable"] = _unusable(package)
    return counts


def _put(cursor: Any, package: Package, resource: dict[str, Any], counts: dict[str, Any]) -> int | None:
    """Store one definition; its number when it is new or other than before."""
    url, version = resource["url"], str(resource.get("version") or "")
    body = orjson.dumps(resource).decode().replace("\\u0000", "")
    cursor.execute(_CURRENT, [url, version, package.name])
    held = cursor.fetchone()
    if held and held[1] == body:
        counts["unchanged"] += 1
        return None
    if held:
        cursor.execute(_CLOSE, [held[0]])
    counts["replaced" if held else "added"] += 1
    cursor.execute(_ADD, [resource["resourceType"], url, version, package.name, package.version, body])
    return int(cursor.fetchone()[0])


def _load_codes(resource: dict[str, Any], number: int, counts: dict[str, Any]) -> list[tuple[str, str]]:
    try:
        release = lists.from_resource(resource)
        if release is None:
            return []
        with transaction.atomic():
            loaded = loading.load(release, number)
    except ReleaseFault as fault:
        return [(resource["url"], str(fault))]
    counts["code_systems"] += 1
    counts["concepts"] += loaded["concepts"]
    return []


def _unusable(package: Package) -> list[tuple[str, str]]:
    library = library_of_tables()
    urls = [one["url"] for one in package.definitions if one["resourceType"] == "StructureDefinition"]
    return [(url, library.faults.get(url, "")) for url in urls if library.shape(url) is None]


def library_of_tables() -> Library:
    """The profiles loaded now, each read when it is first asked for."""
    from commonweal.apps.record.terminology.selectors import definition

    return Library(lambda url: definition(url, "StructureDefinition"))


def remove(package: str, version: str = "") -> dict[str, int]:
    """Take a package's definitions and code systems out; the note that they were there stays.

    → {definitions, code_systems}. Raises ``UnknownPackage``.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_CLOSE_ALL, [package, version, version])
        numbers = [row[0] for row in cursor.fetchall()]
        if not numbers:
            named = f"{package} {version}".strip()
            raise UnknownPackage(f"no package {named} is loaded; commonweal profiles list names them")
        cursor.execute(_THEIR_SYSTEMS, [numbers])
        urls = [row[0] for row in cursor.fetchall()]
        for url in urls:
            loading.forget(cursor, url)
        loading.changed(cursor)
    return {"definitions": len(numbers), "code_systems": len(urls)}


def listed(*, former: bool = False) -> list[Loaded]:
    """The packages loaded now, or (``former``) ever, by name and date."""
    with connection.cursor() as cursor:
        cursor.execute(_LIST, [former])
        return [Loaded(*row) for row in cursor.fetchall()]


def snapshot(url: str) -> dict[str, Any]:
    """A loaded profile's elements with all that it is based on, and the ids of those it marks *must support*.

    → {url, type, element: [ElementDefinition], must_support: [id]}. Raises ``UnknownPackage``.
    """
    library = library_of_tables()
    shape = library.shape(url)
    if shape is None:
        raise UnknownPackage(f"{url}: {library.faults.get(url, 'not loaded; add its package first')}")
    elements = list(shape.elements())
    return {"url": url, "type": shape.name, "element": elements, "must_support": library.must_support(url)}
