"""What must be on screen first: who it is, alerts and adjustments, allergies, and plans agreed with the person."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from commonweal.apps.record import entries
from commonweal.apps.record.entries import Entry
from commonweal.apps.record.headings import heading_codes, kind_of
from commonweal.apps.record.page.absences import Absences
from commonweal.apps.record.page.grouping import grouped
from commonweal.apps.record.page.model import Banner, Section
from commonweal.apps.record.page.reading import Reading, Row
from commonweal.fhir.dates import day_of
from commonweal.fhir.demographics import demographics

PAST = frozenset(("inactive", "remission", "resolved"))
DENIED = "denied"  # the status of an entry that denies what stands above it; no code of FHIR
_IN_FORCE = frozenset(("active", "current", "draft", "on-hold"))


def entries_of(rows: Sequence[Row], names: Mapping[str, str]) -> list[Entry]:
    """A line for each row."""
    return [entries.entry(row.resource, row.source, names[row.source]) for row in rows]


def banner(patients: Sequence[Row], names: Mapping[str, str], today: date) -> Banner:
    """From the practice's own entry if there is one, else the latest; gaps are filled from the others."""
    ranked = sorted(patients, key=lambda row: (row.feed == "gp", row.updated), reverse=True)
    if not ranked:
        return Banner("Name withheld", None, None, None, "", "", "", "", "", "")
    said = [demographics(row.resource) for row in ranked]
    name = next(filter(None, (entries.full_name(row.resource.get("name", ())) for row in ranked)), "Name not recorded")
    birth = next((item.birth_date for item in said if item.birth_date), None)
    death = next((item.death_date for item in said if item.death_date), None)
    age = None
    if birth is not None:
        on = death or today
        age = on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))
    return Banner(
        name=name,
        birth_date=birth,
        age=age,
        death_date=death,
        sex=next((item.gender for item in said if item.gender), ""),
        nhs_number=next((item.nhs_number for item in said if item.nhs_number), ""),
        address=next(filter(None, (address(row.resource) for row in ranked)), ""),
        phone=next((item.phone for item in said if item.phone), ""),
        source=ranked[0].source,
        source_name=names.get(ranked[0].source, ranked[0].source),
    )


def address(patient: Mapping[str, Any]) -> str:
    """The current home address on one line, or ''."""
    current = [item for item in patient.get("address", ()) if item.get("use") != "old"]
    if not current:
        return ""
    best = next((item for item in current if item.get("use") == "home"), current[0])
    return ", ".join([*best.get("line", ()), *filter(None, (best.get("city"), best.get("postalCode")))])


def flags(reading: Reading, absent: Absences) -> tuple[Section, Section]:
    """Alerts, and reasonable adjustments: flags in force today, those that have ended under ``past``."""
    today = reading.now.date()
    codes = heading_codes("adjustment", today)
    found: tuple[list[Row], list[Row]] = ([], [])
    for row in reading.of("Flag"):
        found[kind_of(row.resource.get("category", ()), codes) is not None].append(row)
    alerts, adjustments = (_in_force(rows, reading.names, today) for rows in found)
    return (
        Section(*alerts, absent.of("Alerts", "clinical", recorded=bool(alerts[0]), silent=False)),
        Section(
            *adjustments, absent.of("Reasonable adjustments", "clinical", recorded=bool(adjustments[0]), silent=False)
        ),
    )


def _in_force(
    rows: Sequence[Row], names: Mapping[str, str], today: date
) -> tuple[tuple[Entry, ...], tuple[Entry, ...]]:
    current: list[Entry] = []
    past: list[Entry] = []
    for row, item in zip(rows, entries_of(rows, names), strict=True):
        end = day_of((row.resource.get("period") or {}).get("end"))
        ended = item.status not in _IN_FORCE or (end is not None and end < today)
        (past if ended else current).append(item)
    return grouped(current), grouped(past)


def allergies(reading: Reading, absent: Absences) -> Section:
    """Allergies; a source that says there are none is shown beside one that lists some, never instead of it."""
    sound = reading.of("AllergyIntolerance")
    none_known = [r for r in sound if entries.NO_KNOWN_ALLERGY.intersection(entries.codes_of(r.resource.get("code")))]
    real = entries_of([row for row in sound if row not in none_known], reading.names)
    current = grouped(item for item in real if item.status not in PAST)
    messages = absent.of("Allergies", "clinical", recorded=bool(current), none_known=bool(none_known))
    if current:  # whoever prescribes sees at once that not everybody says so; who lists one does, whatever else it says
        listing = {item.source for item in real if item.status not in PAST}
        denying = entries_of([row for row in none_known if row.source not in listing], reading.names)
        current += tuple(one._replace(status=DENIED) for one in grouped(denying))
    return Section(current, grouped(item for item in real if item.status in PAST), messages)


def plans(reading: Reading, absent: Absences) -> Section:
    """Plans agreed with the person, whether sent as plans or as documents of a plan's type."""
    today = reading.now.date()
    codes = heading_codes("plan", today)
    rows, named = [], {}
    for row in reading.of("CarePlan", "DocumentReference"):
        resource = row.resource
        listed = resource.get("category", ())
        kind = kind_of([resource.get("type"), *(listed if isinstance(listed, list) else ())], codes)
        if kind is not None or row.kind == "CarePlan":
            rows.append(row)
            named[row.kind, resource.get("id", "")] = kind
    current, past = _in_force(rows, reading.names, today)
    lines = [tuple(_titled(item, named.get((item.type, item.id))) for item in part) for part in (current, past)]
    return Section(lines[0], lines[1], absent.of("Plans", "clinical", recorded=bool(rows), silent=False))


def _titled(item: Entry, kind: str | None) -> Entry:
    """What kind of plan it is, before a title that does not say so."""
    if kind is None or kind.casefold() in item.text.casefold():
        return item
    untitled = item.text in (item.code, entries.UNDESCRIBED)
    return item._replace(text=kind if untitled else f"{kind}: {item.text}")
