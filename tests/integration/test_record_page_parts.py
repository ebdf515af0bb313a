"""The parts of a record page that arrange what was read: nothing dropped, nobody overruled, nothing judged."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.apps.record.entries import Contact, Entry, entry

MONDAY = datetime(2020, 10, 26, 9, tzinfo=UTC).timestamp()


@pytest.fixture(autouse=True)
def _django(home: Path) -> None:
    """The record app is importable only once Django is set up."""


def made(text: str, code: str = "", source: str = "P01", status: str = "active", ident: str = "1") -> Entry:
    return Entry("Condition", ident, text, code, "", status, date(2020, 1, 1), "1 January 2020", source, source)


entries_ = st.lists(
    st.builds(made, st.sampled_from(["A", "a", "B"]), st.sampled_from(["", "1", "2"]), ident=st.text("ab"))
)


@settings(deadline=None)
@given(entries_)
def test_grouping_folds_and_never_drops(found: list[Entry]) -> None:
    from commonweal.apps.record.page.grouping import grouped

    groups = grouped(found)
    flat = [one._replace(also=()) for group in groups for one in (group, *group.also)]
    assert sorted(flat) == sorted(found)
    keys = [group.code or group.text.casefold() for group in groups]
    assert len(keys) == len(set(keys))
    # The order of what leads is the order in which things came, latest first
    assert [found.index(group._replace(also=())) for group in groups] == sorted(
        found.index(group._replace(also=())) for group in groups
    )


def reading(*rows: Any) -> Any:
    """A reading of these rows, of two sources, on 31 October 2020."""
    from commonweal.apps.record.page.reading import CONTACTS, Reading

    by_kind: dict[str, list[Any]] = {}
    for row in rows:
        by_kind.setdefault(row.kind, []).append(row)
    return Reading(
        scope=None,  # type: ignore[arg-type]  # the parts under test read no scope
        now=datetime(2020, 10, 31, 9, tzinfo=UTC),
        rows=rows,
        by_kind=by_kind,
        contacts=[row for row in rows if row.kind in CONTACTS],
        heard={},
        names={"P01": "A Surgery", "T01": "A Hospital"},
        staff={},
        facts=None,  # type: ignore[arg-type]  # nor the facts of feeds
        held_back=frozenset(),
    )


def row(resource: Mapping[str, Any], source: str = "P01", updated: float = MONDAY) -> Any:
    from commonweal.apps.record.page.reading import Row

    return Row(
        resource["resourceType"], dict(resource), source, "gp" if source == "P01" else "adt", "clinical", updated
    )


def person(postcode: str, given: str = "Vicky", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "name": [{"family": "Ashworth", "given": [given]}],
        "birthDate": "1950-03-01",
        "address": [{"use": "home", "line": ["1 High Street"], "postalCode": postcode}],
    } | more


def allergy(code: str, words: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "AllergyIntolerance",
        "id": code,
        "code": {"coding": [{"code": code}], "text": words},
        "clinicalStatus": {"coding": [{"code": "active"}]},
    } | more


def said(found: Any) -> list[tuple[str, list[tuple[str, tuple[str, ...]]]]]:
    return [(item.subject, [(one.value, one.source_names) for one in item.said]) for item in found]


def test_two_addresses_stand_side_by_side_the_later_first() -> None:
    from commonweal.apps.record.page.differences import differences

    found = differences(reading(row(person("ZZ1 1ZZ")), row(person("ZZ2 2ZZ"), "T01", MONDAY + 86_400)))
    assert said(found) == [
        ("Address", [("1 High Street, ZZ2 2ZZ", ("A Hospital",)), ("1 High Street, ZZ1 1ZZ", ("A Surgery",))])
    ]
    assert found[0].said[0].updated == date(2020, 10, 27)


def test_what_differs_only_in_spelling_or_within_one_source_is_no_difference() -> None:
    from commonweal.apps.record.page.differences import differences

    assert differences(reading(row(person("ZZ1 1ZZ")), row(person("zz11zz", given="VICKY"), "T01"))) == ()
    assert differences(reading(row(person("ZZ1 1ZZ")), row(person("ZZ2 2ZZ")))) == ()


def test_an_allergy_that_another_source_denies_is_shown_with_the_denial() -> None:
    from commonweal.apps.record.page.differences import differences

    listed = row(allergy("91936005", "Allergy to penicillin"))
    denied = row(allergy("716186003", "No known allergy"), "T01", MONDAY - 1)
    assert said(differences(reading(listed, denied))) == [
        ("Allergies", [("Allergy to penicillin", ("A Surgery",)), ("No known allergies", ("A Hospital",))])
    ]
    refuted = row(
        allergy("91936005", "Allergy to penicillin", verificationStatus={"coding": [{"code": "refuted"}]}),
        "T01",
        MONDAY - 1,
    )
    assert said(differences(reading(listed, refuted))) == [
        (
            "Allergies",
            [("Allergy to penicillin", ("A Surgery",)), ("Allergy to penicillin: refuted", ("A Hospital",))],
        )
    ]
    # The same source's two entries are its own affair, shown in the list as sent
    assert differences(reading(listed, row(allergy("716186003", "No known allergy")))) == ()


def test_a_problem_active_here_and_over_there_is_a_difference() -> None:
    from commonweal.apps.record.page.differences import differences

    def problem(status: str) -> dict[str, Any]:
        return {
            "resourceType": "Condition",
            "code": {"coding": [{"code": "195967001"}], "text": "Asthma"},
            "clinicalStatus": {"coding": [{"code": status}]},
        }

    found = differences(reading(row(problem("active")), row(problem("resolved"), "T01", MONDAY + 1)))
    assert said(found) == [("Problem", [("Asthma: resolved", ("A Hospital",)), ("Asthma: active", ("A Surgery",))])]


def weighed(when: str, value: float, unit: str = "kg") -> Any:
    return row(
        {
            "resourceType": "Observation",
            "code": {"coding": [{"code": "27113001"}]},
            "effectiveDateTime": when,
            "valueQuantity": {"value": value, "unit": unit},
        }
    )


def test_a_trend_is_said_in_words_and_stays_in_its_box() -> None:
    from commonweal.apps.record.page.trends import HEIGHT, WIDTH, trends

    rows = [weighed("2020-10-01", 66.0), weighed("2018-05-01", 62.0), weighed("2019-01-01", 68.5)]
    trend = trends(rows)["27113001"]
    assert trend.words == "3 values, from 62 kg in May 2018 to 66 kg in October 2020; lowest 62, highest 68.5"
    points = [tuple(map(float, point.split(","))) for point in trend.lines[0].split()]
    assert [x for x, _ in points] == sorted(x for x, _ in points)
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points)
    assert points[1][1] < points[2][1] < points[0][1]  # up is more


def test_no_trend_of_two_values_of_two_units_or_of_less_than() -> None:
    from commonweal.apps.record.page.trends import trends

    assert trends([weighed("2020-10-01", 66.0), weighed("2018-05-01", 62.0)]) == {}
    mixed = [weighed("2020-10-01", 66.0), weighed("2018-05-01", 62.0), weighed("2019-01-01", 145.0, "lb")]
    assert trends(mixed) == {}
    below = weighed("2019-06-01", 5.0)
    below.resource["valueQuantity"]["comparator"] = "<"
    assert trends([weighed("2020-10-01", 66.0), weighed("2018-05-01", 62.0), below]) == {}


def test_nothing_is_called_high_without_the_range_it_is_high_against() -> None:
    judged = {"interpretation": [{"text": "High"}], "valueQuantity": {"value": 58, "unit": "mmol/mol"}}
    observed = {"resourceType": "Observation", "code": {"text": "HbA1c"}, **judged}
    assert entry(observed, "P01", "P01").detail == "58 mmol/mol"
    limits = {"referenceRange": [{"low": {"value": 20}, "high": {"value": 41, "unit": "mmol/mol"}}]}
    assert entry(observed | limits, "P01", "P01").detail == "58 mmol/mol (range 20 to 41 mmol/mol; High)"


def test_completeness_counts_what_the_reader_may_see_and_names_what_is_missing() -> None:
    from commonweal.apps.record.page.completeness import completeness, expected
    from commonweal.fhir.demographics import demographics

    wanted = expected(date(2020, 10, 31))["gp"]
    one = demographics(person("ZZ1 1ZZ", gender="female"))
    score = completeness(wanted, [one], {"Patient"}, {"demographics", "clinical"})
    assert score is not None
    assert (score.present, score.expected) == (5, 9)
    assert score.missing == ("NHS number", "telephone", "ethnicity", "allergies or that there are none")
    fenced = completeness(wanted, [one], {"Patient"}, {"demographics"})
    assert fenced is not None
    assert "allergies or that there are none" not in fenced.missing
    assert completeness((), [one], {"Patient"}, {"demographics"}) is None


def contact(what: str, source: str, year: int) -> Contact:
    when = date(year, 5, 1)
    return Contact("Encounter", "1", when, "", None, None, False, what, "", "", "", "", source, source, None)


def test_the_timeline_narrows_to_what_it_holds_and_ignores_what_it_does_not() -> None:
    from commonweal.apps.record.page.timeline import choices, chosen

    found = [contact("Video (Review)", "T01", 2020), contact("Home visit", "P01", 2019), contact("Video", "P01", 2018)]
    offered = choices(found, {})
    assert (offered.kinds, offered.years) == (("Home visit", "Video"), ("2020", "2019", "2018"))
    assert chosen(found, offered) == tuple(found)
    assert chosen(found, choices(found, {"kind": "Video", "source": "P01"})) == (found[2],)
    hostile = choices(found, {"year": "<script>", "source": "X' OR 1=1"})
    assert not hostile.narrowed
    assert chosen(found, hostile) == tuple(found)


def test_plans_and_adjustments_stand_above_and_an_unknown_type_is_not_left_off() -> None:
    from commonweal.apps.access.api import Message
    from commonweal.apps.record.page.sections import _other
    from commonweal.apps.record.page.summary import flags, plans

    class Silent:
        def of(self, *_: object, **__: object) -> tuple[Message, ...]:
            return ()

    england = "https://fhir.nhs.uk/England/CodeSystem/England-FlagCategoryPatient"
    rows = [
        row({"resourceType": "Flag", "id": "1", "status": "active", "code": {"text": "Longer appointments"},
             "category": [{"coding": [{"system": england, "code": "national-reasonable-adjustment-flag"}]}]}),
        row({"resourceType": "Flag", "id": "2", "status": "active", "code": {"text": "Oxygen in use"}}),
        row({"resourceType": "Flag", "id": "3", "status": "active", "code": {"text": "Dog"},
             "period": {"end": "2019-01-01"}}),
        row({"resourceType": "DocumentReference", "id": "4", "status": "current",
             "type": {"coding": [{"system": "http://snomed.info/sct", "code": "1382601000000107"}]}}),
        row({"resourceType": "DetectedIssue", "id": "5", "code": {"text": "Two medicines at odds"}}),
    ]  # fmt: skip
    alerts, adjustments = flags(reading(*rows), Silent())  # type: ignore[arg-type]  # says nothing
    assert [item.text for item in alerts.entries] == ["Oxygen in use"]
    assert [item.text for item in alerts.past] == ["Dog"]
    assert [item.text for item in adjustments.entries] == ["Longer appointments"]
    agreed = plans(reading(*rows), Silent())  # type: ignore[arg-type]  # says nothing
    assert [item.text for item in agreed.entries] == ["ReSPECT form"]
    other = _other(reading(*rows), Silent())  # type: ignore[arg-type]  # says nothing
    assert [item.text for item in other.entries] == ["Detected issue: Two medicines at odds"]


def test_a_page_that_breaks_after_its_first_part_says_so_where_it_is_read(caplog: pytest.LogCaptureFixture) -> None:
    from commonweal.apps.record.sending import FIRST_PART_ENDS, _parts

    def pieces() -> Any:
        yield "<h1>Ada</h1>"
        yield FIRST_PART_ENDS
        yield "<h2>Problems"
        raise RuntimeError

    first, rest = list(_parts(pieces()))
    assert first == b"<h1>Ada</h1>" + FIRST_PART_ENDS.encode()
    assert b"Do not read what is above as the whole record" in rest
    assert "could not be drawn" in caplog.text
