"""Any file under a mapping: nothing raises, every row is told of, and the order of rows changes nothing."""

import io
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.feeds.mapped.examples import expected
from commonweal.feeds.mapped.language import parse
from commonweal.feeds.mapped.library import SHIPPED
from commonweal.feeds.mapped.reading import plan, read
from commonweal.feeds.types import Parsed, Problem
from commonweal.fhir.validate import validate

READY = plan(parse((SHIPPED / "community" / "generic-2015-04-01.yaml").read_text("utf-8"), "generic"))
COLUMNS = list(READY.mapping.columns)
HEADER = ",".join(COLUMNS)
CELLS = {
    "PatientId": ["P1", "P2", ""],
    "NHSNumber": ["9990000018", "", "junk"],
    "FamilyName": ["Ash", "Birch", "Müller", "O'Neill", "a;b"],
    "BirthDate": ["01/02/1950", "29/02/2019", ""],
    "Gender": ["1", "2", "woman", ""],
    "RecordType": ["referral", "contact", "other"],
    "RecordId": ["R1", "R2", "R3"],
    "ReferralId": ["R1", ""],
    "Date": ["01/09/2020", "02/09/2020", "31/09/2020"],
    "EndDate": ["03/09/2020", ""],
    "ContactType": ["home visit", "clinic", "pigeon", ""],
    "Attended": ["attended", "cancelled", ""],
}
ROWS = st.lists(
    st.tuples(*(st.sampled_from(CELLS.get(name, ["", "x"])) for name in COLUMNS)).map(",".join), min_size=1, max_size=12
)


def items(rows: list[str]) -> list[Parsed | Problem]:
    return list(read(io.BytesIO("\n".join((HEADER, *rows)).encode()), "RY9", READY))


@given(ROWS)
def test_every_row_is_told_of_and_what_it_makes_is_valid(rows: list[str]) -> None:
    found = items(rows)
    assert {item.line for item in found} == set(range(2, len(rows) + 2))
    assert not [validate(item.resource) for item in found if isinstance(item, Parsed) and validate(item.resource)]


@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_neither_what_lands_nor_what_is_set_aside(rows: list[str], random: object) -> None:
    def outcome(given_rows: list[str]) -> tuple[dict[tuple[str, str], bytes], Counter[tuple[str, str]]]:
        found = items(given_rows)
        resources = {(item.type, item.id): item.body for item in found if isinstance(item, Parsed)}
        faults = Counter((given_rows[item.line - 2], item.rule) for item in found if isinstance(item, Problem))
        return resources, faults

    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    assert outcome(rows) == outcome(shuffled)


@settings(max_examples=60)
@given(st.binary(max_size=400))
def test_whatever_bytes_come_nothing_raises(data: bytes) -> None:
    for body in (data, HEADER.encode() + b"\n" + data):
        list(read(io.BytesIO(body), "RY9", READY))
        expected(READY, body)
