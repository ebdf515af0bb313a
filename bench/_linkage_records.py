"""Demographic records of a synthetic ICS with known truth, in memory: what linkage is trained and timed on.

The same people and the same faults as ``commonweal generate`` writes to feeds, without the feeds: every
person's practice record, and for shares of them records at the acute trusts, councils and mental-health trust.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from commonweal.domain.identity import nhs_number
from commonweal.fhir.demographics import Demographics
from commonweal.fhir.normalise import name_key, phonetic, postcode
from commonweal.synthetic import rates
from commonweal.synthetic.columns import Stream, Streams, calendar
from commonweal.synthetic.identity_noise import Recorded, record
from commonweal.synthetic.invented_geography import invent
from commonweal.synthetic.people import populate

GENDER = {"F": "female", "M": "male"}


@dataclass(frozen=True, slots=True)
class Row:
    """One source's record: compartment id, source, local id, what it says, and whose it truly is."""

    compartment_id: int
    source: str
    local_id: str
    said: Demographics
    person: int


def rows(people: int, seed: int) -> list[Row]:
    """About 1.8 records a person for ``people`` people, in a fixed order for a seed."""
    streams = Streams(seed)
    geography = invent(streams.of(Stream.GEOGRAPHY), people)
    world = populate(streams, geography, people)
    everybody = np.arange(people)
    draw = streams.of(Stream.ADMISSIONS)
    sources = [("gp", Stream.PRACTICE_IDENTITY, rates.PRACTICE_NOISE, everybody)]
    for name, stream, noise, share in (
        ("RX1", Stream.ACUTE_IDENTITY, rates.ACUTE_NOISE, 0.4),
        ("RX2", Stream.ACUTE_IDENTITY, rates.ACUTE_NOISE, 0.2),
        ("E1", Stream.COUNCIL_IDENTITY, rates.COUNCIL_NOISE, 0.08),
        ("RM1", Stream.MENTAL_HEALTH_IDENTITY, rates.MENTAL_HEALTH_NOISE, 0.08),
    ):
        sources.append((name, stream, noise, np.flatnonzero(draw.random(people) < share)))
    result: list[Row] = []
    for part, (name, stream, noise, who) in enumerate(sources):
        for said, person in _said(record(streams.of(stream, part), world, geography, who, noise)):
            number = len(result) + 1
            result.append(Row(number, said.practice if name == "gp" else name, f"{name}-{number}", said, person))
    return result


def _said(recorded: Recorded) -> Iterator[tuple[Demographics, int]]:
    for i in range(len(recorded)):
        middle = recorded.middle[i]
        yield (
            Demographics(
                nhs_number=recorded.number[i],
                nhs_number_status="",
                family=recorded.family[i],
                given=(recorded.given[i], middle) if middle else (recorded.given[i],),
                birth_date=calendar(int(recorded.birth[i])),
                death_date=None,
                gender=GENDER.get(recorded.sex[i], "unknown"),
                ethnicity=recorded.ethnicity[i],
                postcode=postcode(recorded.postcode[i]),
                address_line=recorded.line[i],
                phone="",
                practice=recorded.practice[i],
            ),
            int(recorded.person[i]),
        )


def table(records: list[Row]) -> pa.Table:
    """The columns ``lake.linkage`` reads (its COLUMNS), as identity stores them."""
    family = [name_key(row.said.family) for row in records]
    given = [name_key(row.said.given[0]) for row in records]
    return pa.table(
        {
            "record_id": pa.array([row.compartment_id for row in records], pa.int64()),
            "nhs_usable": pa.array([nhs_number.usable(row.said.nhs_number) for row in records], pa.string()),
            "family_key": family,
            "given_key": given,
            "family_sound": [phonetic(name) for name in family],
            "given_sound": [phonetic(name) for name in given],
            "birth_date": pa.array([row.said.birth_date for row in records], pa.date32()),
            "gender": [row.said.gender for row in records],
            "postcode": [row.said.postcode for row in records],
            "practice": [row.said.practice for row in records],
        }
    )
