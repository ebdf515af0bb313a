"""Practitioners, their roles and the services of organisations from the directories a deployer loads, as resources.

https://hl7.org/fhir/R4/practitioner.html, practitionerrole.html and healthcareservice.html. Two files beside the
reference data, each optional, to be cut from the ODS directory of practitioners or a directory of services:

- ``practitioners.csv``: ``code,name,role,organisation,valid_from,valid_to``, a row for each post somebody has or had;
- ``services.csv``: ``code,name,kind,organisation,valid_from,valid_to,successor``, a row for each dated form.

``organisation`` is an ODS code, days are ISO dates, an empty last day means still. A practitioner is active while
any post is; a service's successor is named as an organisation's is. Resources are of the reference data's source; one
that the files no longer have is withdrawn, and a file that is not there leaves what it brought before.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import zip_longest
from pathlib import Path
from typing import Any

from commonweal.apps.places import api as places
from commonweal.apps.record.actions import withdraw, write
from commonweal.apps.record.directory import SOURCE, SUCCESSOR, VALIDITY, held, parsed
from commonweal.fhir import systems

PRACTITIONER_CODE = "https://fhir.hl7.org.uk/Id/gmp-number"
SERVICE_CODE = "https://fhir.nhs.uk/Id/dos-service-id"
_COLUMNS = {
    "practitioners.csv": ("code", "name", "role", "organisation", "valid_from", "valid_to"),
    "services.csv": ("code", "name", "kind", "organisation", "valid_from", "valid_to", "successor"),
}
Json = dict[str, Any]
Row = Mapping[str, str]


def publish(folder: Path) -> dict[str, int]:
    """Hold what the two files say as resources: ``{practitioners, services}``, versions written or withdrawn.

    A file that is not there is left out of the answer. Raises ``places.BadReferenceError`` (file, line, what is wrong).
    """
    folder = folder / "reference" if (folder / "reference").is_dir() else folder
    done = {}
    for name, read, kinds in (
        ("practitioners", practitioners, ("Practitioner", "PractitionerRole")),
        ("services", services, ("HealthcareService",)),
    ):
        path = folder / f"{name}.csv"
        if path.exists():
            done[name] = _hold(read(_rows(path)), kinds)
    return done


def practitioners(rows: Iterable[Row]) -> list[list[Json]]:
    """A Practitioner for each code and a PractitionerRole for each post, each in its only form."""
    people: dict[str, list[Row]] = {}
    for row in rows:
        people.setdefault(row["code"], []).append(row)
    found = []
    for code, posts in people.items():
        latest = max(posts, key=lambda post: (not post["valid_to"], post["valid_from"]))
        found.append([{
            "resourceType": "Practitioner", "id": f"ods-{code}",
            "identifier": [{"system": PRACTITIONER_CODE, "value": code}],
            "active": any(not post["valid_to"] for post in posts), "name": [{"text": latest["name"]}],
        }])  # fmt: skip
        for ident, post in _named(code, posts):
            found.append([{
                "resourceType": "PractitionerRole", "id": ident,
                "identifier": [{"system": PRACTITIONER_CODE, "value": code}],
                "active": not post["valid_to"], "period": _period(post),
                "practitioner": {"reference": f"Practitioner/ods-{code}", "display": post["name"]},
                "organization": _organisation(post), "code": [{"text": post["role"]}],
            }])  # fmt: skip
    return found


def _named(code: str, posts: Iterable[Row]) -> Iterator[tuple[str, Row]]:
    """Each post with an id; of those begun on one day at one organisation the second says that it is."""
    known: dict[str, int] = {}
    for post in posts:
        ident = f"ods-{code}-{post['organisation']}-{post['valid_from']}"
        known[ident] = known.get(ident, 0) + 1
        yield (ident if known[ident] == 1 else f"{ident}-{known[ident]}"), post


def services(rows: Iterable[Row]) -> list[list[Json]]:
    """A HealthcareService for each code: its dated forms, the first first."""
    forms: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda one: one["valid_from"]):
        forms.setdefault(row["code"], []).append(row)
    return [[_service(code, form) for form in history] for code, history in forms.items()]


def _service(code: str, form: Row) -> Json:
    extensions: list[Json] = [{"url": VALIDITY, "valuePeriod": _period(form)}]
    if form["successor"]:
        extensions.append({"url": SUCCESSOR, "valueIdentifier": {"system": SERVICE_CODE, "value": form["successor"]}})
    return {
        "resourceType": "HealthcareService", "id": f"ods-{code}", "extension": extensions,
        "identifier": [{"system": SERVICE_CODE, "value": code}], "active": not form["valid_to"],
        "providedBy": _organisation(form), "type": [{"text": form["kind"]}], "name": form["name"],
    }  # fmt: skip


def _organisation(row: Row) -> Json:
    code = row["organisation"]
    return {"reference": f"Organization/ods-{code}", "identifier": {"system": systems.ODS, "value": code}}


def _period(row: Row) -> Json:
    return {"start": row["valid_from"]} | ({"end": row["valid_to"]} if row["valid_to"] else {})


def _hold(histories: list[list[Json]], kinds: tuple[str, ...]) -> int:
    """Write each form that is not held yet, and withdraw what is held and not among them."""
    before = {key for key in held() if key[0] in kinds}
    told = [forms if (forms[0]["resourceType"], forms[0]["id"]) not in before else forms[-1:] for forms in histories]
    written = 0
    for together in zip_longest(*told):
        counts = write(SOURCE, SOURCE, [parsed(form) for form in together if form is not None])
        written += counts.accepted + counts.updated
    now = {(forms[0]["resourceType"], forms[0]["id"]) for forms in histories}
    return written + withdraw(SOURCE, sorted(before - now))


def _rows(path: Path) -> Iterator[Row]:
    columns = _COLUMNS[path.name]
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        missing = [name for name in columns if name not in (reader.fieldnames or ())]
        if missing:
            raise places.BadReferenceError(f"{path.name} line 1: no column {', '.join(missing)}")
        for row in reader:
            said = {name: (row[name] or "").strip() for name in columns}
            try:
                _sound(said)
            except ValueError as fault:
                raise places.BadReferenceError(f"{path.name} line {reader.line_num}: {fault}") from fault
            yield said


def _sound(row: Row) -> None:
    for name in ("code", "organisation"):
        if not (row[name].isascii() and row[name].isalnum() and len(row[name]) <= 20):
            raise ValueError(f"{name} {row[name]!r} is no code of letters and digits")
    if not row["name"]:
        raise ValueError("name is empty")
    start = date.fromisoformat(row["valid_from"])
    if row["valid_to"] and date.fromisoformat(row["valid_to"]) < start:
        raise ValueError("valid_to is before valid_from")
