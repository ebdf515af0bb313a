"""Lines to JSON; search values; demographics; compartments; names and postcodes."""

from datetime import date
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.fhir import splice, systems
from commonweal.fhir.compartment import category, person_reference, team
from commonweal.fhir.demographics import demographics
from commonweal.fhir.errors import Invalid
from commonweal.fhir.normalise import name_key, phonetic, postcode
from commonweal.fhir.parse import parse_line, twice
from commonweal.fhir.search import date_range


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        (b'{"resourceType":"Patient"', "json-truncated"),
        (b'{"a":"\xe9"}', "encoding-not-utf-8"),
        (b'{"a":"\x00"}', "nul-byte"),
        ('{"a":1}'.encode("utf-16"), "nul-byte"),
        (b"[1]", "resource-expected"),
        (b"a,b,c", "json-malformed"),
        (b'{"a":' * 70 + b"1" + b"}" * 70, "nesting-too-deep"),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, "nesting-too-deep"),
        (b'{"a":"' + b"x" * (5 * 1024 * 1024) + b'"}', "line-too-long"),
    ],
)
def test_a_line_that_cannot_be_read_says_why(raw: bytes, rule: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_line(raw)
    assert caught.value.rule == rule
    assert caught.value.message


def test_numbers_and_escapes_survive_parsing() -> None:
    assert parse_line(b' {"a":1.0e2,"b":"\\u0000"} ') == {"a": 100.0, "b": "\0"}


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2020", "2020-01-01T00:00:00+00:00", "2020-12-31T23:59:59.999999+00:00"),
        ("2020-10-25", "2020-10-25T00:00:00+01:00", "2020-10-25T23:59:59.999999+00:00"),
        ("2020-01-02T10:00:00Z", "2020-01-02T10:00:00Z", "2020-01-02T10:00:00.999999Z"),
        ("2020-01-02T10:00:00.5+01:00", "2020-01-02T10:00:00.5+01:00", "2020-01-02T10:00:00.5+01:00"),
    ],
)
def test_a_date_means_the_whole_of_its_precision_in_the_uk(text: str, first: str, last: str) -> None:
    assert date_range(text) == (first, last)


@pytest.mark.parametrize(
    ("resource", "person"),
    [
        ({"resourceType": "Patient", "id": "p1"}, "p1"),
        ({"resourceType": "Condition", "subject": {"reference": "Patient/p1"}}, "p1"),
        ({"resourceType": "Condition", "subject": {"reference": "Patient/p1/_history/3"}}, "p1"),
        ({"resourceType": "EpisodeOfCare", "patient": {"reference": "Patient/p1"}}, "p1"),
        ({"resourceType": "Task", "for": {"reference": "Patient/p1"}}, "p1"),
        ({"resourceType": "Appointment", "participant": [{"actor": {"reference": "Patient/p1"}}]}, "p1"),
        ({"resourceType": "Observation", "subject": {"reference": "Device/d1"}}, None),
        ({"resourceType": "Observation", "subject": {"reference": "https://else.where/Patient/p1"}}, None),
        ({"resourceType": "Organization", "id": "o1"}, None),
    ],
)
def test_whose_a_resource_is(resource: dict[str, Any], person: str | None) -> None:
    assert person_reference(resource) == person


@pytest.mark.parametrize(
    ("kind", "feed", "expected"),
    [
        ("Patient", "cld", "demographics"),
        ("Encounter", "cld", "social_care"),
        ("Encounter", "mh", "mental_health"),
        ("Encounter", "gp", "clinical"),
        ("MedicationRequest", "gp", "medication"),
    ],
)
def test_category_of_sharing(kind: str, feed: str, expected: str) -> None:
    assert category({"resourceType": kind}, feed) == expected
    assert team({"resourceType": kind}) == ""


def test_demographics_prefer_what_is_official_and_current() -> None:
    found = demographics(
        {
            "resourceType": "Patient",
            "identifier": [
                {"system": "urn:local", "value": "1"},
                {"system": "https://fhir.nhs.uk/Id/nhs-number", "use": "old", "value": "9990000026"},
                {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "999 000 0018"},
            ],
            "name": [{"use": "old", "family": "Jones"}, {"use": "official", "family": "Shah", "given": ["Asha", "D"]}],
            "birthDate": "1950-02-01",
            "deceasedDateTime": "2020-03-04T10:00:00Z",
            "address": [
                {"use": "old", "postalCode": "AA1 1AA"},
                {"line": ["1 High St"], "postalCode": "zz11aa"},
            ],
            "generalPractitioner": [{"identifier": {"system": systems.ODS, "value": "A1"}}],
        }
    )
    assert (found.nhs_number, found.family, found.given) == ("9990000018", "Shah", ("Asha", "D"))
    assert (found.birth_date, found.death_date) == (date(1950, 2, 1), date(2020, 3, 4))
    assert (found.postcode, found.address_line, found.practice) == ("ZZ1 1AA", "1 High St", "A1")


def test_demographics_of_an_empty_patient_are_empty() -> None:
    found = demographics({"resourceType": "Patient", "birthDate": "1950"})
    assert (found.nhs_number, found.family, found.given, found.birth_date, found.postcode) == ("", "", (), None, "")


# https://www.archives.gov/research/census/soundex
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Washington", "W252"),
        ("Lee", "L000"),
        ("Gutierrez", "G362"),
        ("Pfister", "P236"),
        ("Jackson", "J250"),
        ("Tymczak", "T522"),
        ("VanDeusen", "V532"),
        ("Ashcraft", "A261"),
        ("李", ""),
    ],
)
def test_soundex_as_published(name: str, code: str) -> None:
    assert phonetic(name) == code


@pytest.mark.parametrize(
    ("name", "key"),
    [("O’Néill-Smith", "oneill smith"), ("  Łukasz ", "lukasz"), ("Strauß", "strauss"), ("ÆSIR", "aesir"), ("", "")],
)
def test_name_key(name: str, key: str) -> None:
    assert name_key(name) == key


@pytest.mark.parametrize(
    ("text", "expected"), [("sw1a1aa", "SW1A 1AA"), (" m1  1ae ", "M1 1AE"), ("12345", "12345"), ("", "")]
)
def test_postcode(text: str, expected: str) -> None:
    assert postcode(text) == expected


class Members(list[tuple[str, Any]]):
    """An object as its members in order, of which some may have one name."""


NAMES = st.sampled_from(("a", "b", 'q"', "c:", '":'))
TEXTS = st.one_of(NAMES, st.text(max_size=3))
VALUES = st.recursive(
    st.one_of(st.none(), st.integers(0, 9), TEXTS),
    lambda inner: st.lists(inner, max_size=3) | st.lists(st.tuples(NAMES, inner), max_size=4).map(Members),
    max_leaves=12,
)
SPACES = st.lists(st.sampled_from(("", "", " ", "\n", "\t ")), min_size=4, max_size=4)


def said(text: str, by_number: bool) -> str:
    """A JSON string, its quotation marks and colons as they are or by their numbers."""
    plain = text.encode("utf-8", "replace").decode()
    parts = (f"\\u{ord(c):04X}" if by_number and c in '":' else orjson.dumps(c).decode()[1:-1] for c in plain)
    return '"' + "".join(parts) + '"'


def written(value: Any, spaces: list[str], by_number: bool) -> str:
    if isinstance(value, Members):
        before, colon, after, end = spaces
        members = (
            f"{before}{said(name, by_number)}{colon}:{after}{written(inner, spaces, by_number)}{end}"
            for name, inner in value
        )
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(written(inner, spaces, by_number) for inner in value) + "]"
    return said(value, by_number) if isinstance(value, str) else orjson.dumps(value).decode()


def repeated(value: Any) -> set[str]:
    """Names that some object in ``value`` has twice."""
    if isinstance(value, Members):
        names = [name for name, _ in value]
        return {name for name in names if names.count(name) > 1}.union(*(repeated(inner) for _, inner in value))
    return set().union(*map(repeated, value)) if isinstance(value, list) else set()


@given(st.lists(st.tuples(NAMES, VALUES), max_size=4).map(Members), SPACES, st.booleans())
def test_a_member_that_is_there_twice_is_named_however_it_is_written(
    value: Members, spaces: list[str], by_number: bool
) -> None:
    raw = written(value, spaces, by_number).encode()
    found = twice(raw, parse_line(raw))
    assert found in repeated(value) if repeated(value) else found == ""


@given(st.lists(st.tuples(NAMES, VALUES), max_size=4).map(Members), SPACES, st.booleans())
def test_members_are_where_they_stand_in_the_text(value: Members, spaces: list[str], by_number: bool) -> None:
    text = written(value, spaces, by_number)
    found = list(splice.members(text))
    assert [member.name for member in found] == [name for name, _ in value]
    for member, (name, inner) in zip(found, value, strict=True):
        assert text[member.start : member.value].startswith(said(name, by_number))
        assert text[member.value : member.end] == written(inner, spaces, by_number)


@pytest.mark.parametrize(
    ("text", "stamped"),
    [
        ('{"resourceType":"X"}', '{"resourceType":"X","id":"i","meta":{V}}'),
        (
            '{"id" : "old","resourceType":"X","a":{"id":"b"}}',
            '{"id" : "i","meta":{V},"resourceType":"X","a":{"id":"b"}}',
        ),
        ('{"a":{"meta":1},"resourceType":"X"}', '{"a":{"meta":1},"resourceType":"X","id":"i","meta":{V}}'),
        ('{"resourceType":"X","m\\u0065ta":{"tag":[]}}', '{"resourceType":"X","id":"i","m\\u0065ta":{V,"tag":[]}}'),
        ('{"resourceType":"X","meta":{"versionId":"9"}}', '{"resourceType":"X","id":"i","meta":{V}}'),
        ('{"resourceType":"X","text":"\\u00e9"}', '{"resourceType":"X","id":"i","meta":{V},"text":"\\u00e9"}'),
    ],
)
def test_id_and_version_stand_where_they_belong_and_nothing_else_moves(text: str, stamped: str) -> None:
    version = splice.version_of(1, "2020-01-01T00:00:00Z")
    for known in (None, orjson.loads(text)):
        found = splice.stamped(splice.content(text, "i", known), 1, "2020-01-01T00:00:00Z")
        assert found == stamped.replace("V", version, 1)


@given(st.lists(st.tuples(NAMES, VALUES), max_size=4).map(Members), SPACES, st.booleans())
def test_what_begins_with_its_type_is_stamped_alike_by_the_quick_way_and_the_slow(
    value: Members, spaces: list[str], by_number: bool
) -> None:
    text = written(Members([("resourceType", "Patient"), *value]), spaces, by_number)
    known = orjson.loads(text)
    assert splice.content(text, "i", known) == splice.content(text, "i")
    assert orjson.loads(splice.content(text, "i", known)) == {**known, "id": "i"}


@given(st.lists(st.lists(st.tuples(NAMES, VALUES), max_size=3).map(Members), max_size=3), SPACES, st.booleans())
def test_what_each_item_of_an_array_has_is_where_it_stands(
    items: list[Members], spaces: list[str], by_number: bool
) -> None:
    wanted = [("wanted", [n, "}]"]) for n, _ in enumerate(items)]
    filled = [Members([*item, wanted[n], *item]) for n, item in enumerate(items)]
    text = written(Members([("other", filled), ("array", filled), ("last", 1)]), spaces, by_number)
    found = splice.inside(text, "array", "wanted")
    assert [text[start:end] for start, end in found.values()] == [
        written(value, spaces, by_number) for _, value in wanted
    ]
    assert list(found) == list(range(len(items)))
    assert all(start > text.rindex(written(filled, spaces, by_number)) for start, _ in found.values())
    assert splice.inside(text, "array", "nothing-has-this") == splice.inside(text, "no-such", "wanted") == {}
