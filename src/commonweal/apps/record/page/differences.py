"""Where sources do not agree: both stand side by side with who says so and since when; nobody is overruled."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple

from commonweal.apps.record import entries
from commonweal.apps.record.entries import Entry
from commonweal.apps.record.page.model import Difference, Said
from commonweal.apps.record.page.reading import Reading, Row
from commonweal.apps.record.page.summary import PAST, address
from commonweal.fhir.dates import LONDON
from commonweal.fhir.demographics import Demographics, demographics
from commonweal.fhir.normalise import name_key


class _Field(NamedTuple):
    """One thing compared: what to show, and what must be equal for two sources to agree."""

    subject: str
    shown: Callable[[Row, Demographics], str]
    key: Callable[[Demographics], str]


_SEXES = {"male": "Male", "female": "Female", "other": "Other", "unknown": "Not known"}
_FIELDS = (
    _Field(
        "Name",
        lambda row, _: entries.full_name(row.resource.get("name", ())),
        lambda d: f"{name_key(d.given[0]) if d.given else ''} {name_key(d.family)}".strip(),
    ),
    _Field("Date of birth", lambda _, d: _day(d.birth_date), lambda d: _day(d.birth_date)),
    _Field("Date of death", lambda _, d: _day(d.death_date), lambda d: _day(d.death_date)),
    _Field("Sex", lambda _, d: _SEXES.get(d.gender, d.gender), lambda d: d.gender),
    _Field("NHS number", lambda _, d: d.nhs_number, lambda d: d.nhs_number),
    _Field("Address", lambda row, d: address(row.resource) or d.postcode, lambda d: d.postcode),
    _Field("Registered practice", lambda _, d: d.practice, lambda d: d.practice),
)


def _day(value: date | None) -> str:
    return f"{value.day} {value:%B %Y}" if value else ""


def differences(reading: Reading) -> tuple[Difference, ...]:
    """Every difference: who the person is, then allergies, then problems."""
    found = [*_demographic(reading), *_allergies(reading), *_problems(reading)]
    return tuple(found)


def _demographic(reading: Reading) -> list[Difference]:
    rows = [(row, demographics(row.resource)) for row in reading.by_kind.get("Patient", ())]
    found = []
    for one in _FIELDS:
        values: dict[str, list[Row]] = {}
        for row, said in rows:
            key = one.key(said)
            if key:
                values.setdefault(key, []).append(row)
        if len(values) > 1 and len({row.source for holders in values.values() for row in holders}) > 1:
            by_row = {id(row): said for row, said in rows}
            found.append(
                Difference(
                    one.subject,
                    _latest_first(
                        [
                            (max((one.shown(row, by_row[id(row)]) for row in holders), key=len), holders)
                            for holders in values.values()
                        ],
                        reading.names,
                        organisation=one.subject == "Registered practice",
                    ),
                )
            )
    return found


def _latest_first(
    values: Sequence[tuple[str, Sequence[Row]]], names: Mapping[str, str], organisation: bool = False
) -> tuple[Said, ...]:
    said = [
        (
            max(row.updated for row in rows),
            Said(
                names.get(shown, shown) if organisation else shown,
                tuple(dict.fromkeys(names[row.source] for row in rows)),
                datetime.fromtimestamp(max(row.updated for row in rows), UTC).astimezone(LONDON).date(),
            ),
        )
        for shown, rows in values
    ]
    return tuple(item for _, item in sorted(said, key=lambda pair: -pair[0]))


def _allergies(reading: Reading) -> list[Difference]:
    """One source knows of an allergy and another says there is none, or holds the same one refuted or resolved."""
    rows = reading.of("AllergyIntolerance")
    denied = [r for r in rows if entries.NO_KNOWN_ALLERGY.intersection(entries.codes_of(r.resource.get("code")))]
    listed = [r for r in rows if r not in denied and _status(r) not in PAST]
    found = []
    if denied and {r.source for r in listed} - {r.source for r in denied}:
        words = ", ".join(dict.fromkeys(map(_recorded, listed)))
        none = ", ".join(dict.fromkeys(_when("No known allergies", r) for r in denied))
        found.append(Difference("Allergies", _latest_first([(words, listed), (none, denied)], reading.names)))
    for row in listed:
        codes = set(entries.codes_of(row.resource.get("code")))
        against = [
            other
            for other in reading.by_kind.get("AllergyIntolerance", ())
            if other.source != row.source
            and codes.intersection(entries.codes_of(other.resource.get("code")))
            and (entries.verification(other.resource) == "refuted" or _status(other) in PAST)
        ]
        if against:
            text = entries.text_of(row.resource.get("code"))
            refuted = entries.verification(against[0].resource) == "refuted"  # says more than being no longer active
            over = _when(f"{text}: {'refuted' if refuted else _status(against[0])}", against[0])
            both = [(_recorded(row), [row]), (over, against)]
            found.append(Difference("Allergies", _latest_first(both, reading.names)))
    return found


def _recorded(row: Row) -> str:
    return _when(entries.text_of(row.resource.get("code")), row)


def _when(words: str, row: Row) -> str:
    """With the day it was recorded, which may be long before it was received here."""
    day = entries.words_for(row.resource.get("recordedDate"))
    return f"{words} (recorded {day})" if day else words


def _status(row: Row) -> str:
    return entries.first_code(row.resource.get("clinicalStatus"))


def _problems(reading: Reading) -> list[Difference]:
    """The same problem active by one source and over by another."""
    by_code: dict[str, list[tuple[Row, Entry]]] = {}
    for row in reading.of("Condition"):
        item = entries.entry(row.resource, row.source, reading.names[row.source])
        if item.code:
            by_code.setdefault(item.code, []).append((row, item))
    found = []
    for pairs in by_code.values():
        if len({row.source for row, _ in pairs}) < 2:
            continue
        active = [row for row, item in pairs if item.status not in PAST]
        over = [row for row, item in pairs if item.status in PAST]
        if active and over and {row.source for row in active} != {row.source for row in over}:
            text = pairs[0][1].text
            found.append(
                Difference(
                    "Problem",
                    _latest_first([(f"{text}: active", active), (f"{text}: {_status(over[0])}", over)], reading.names),
                )
            )
    return found
