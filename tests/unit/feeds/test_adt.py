"""ADT messages: what each event does to a person and their visits."""

import io
from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest

from commonweal.feeds import adt
from commonweal.feeds.types import Merge, Parsed, Problem
from commonweal.fhir.demographics import demographics
from commonweal.fhir.validate import validate

Items = list[Parsed | Problem | Merge]
PID = (
    "PID|1||9990000018^^^NHS^NH~M1^^^RZ1^MR||Shah^Asha^Devi^^Mrs^^L||19500201|F|||"
    "1 High St^^Town^^ZZ1 1AA^GBR^H||07700900123|||||||||A"
)
PD1 = "PD1|||^^A81001"


def message(event: str, at: str, *segments: str, control: str = "", entered: str = "") -> bytes:
    """A message that took effect at ``at`` (EVN-6) and was entered at ``entered`` (EVN-2)."""
    entered = entered or at
    head = f"MSH|^~\\&|PAS|RZ1|X|Y|{entered}||ADT^{event}|{control or event + at}|P|2.4||||||UNICODE UTF-8"
    return "\r".join([head, f"EVN|{event}|{entered}||||{at}", *(segments or (PID,))]).encode()


def visit(number: str = "V1", admitted: str = "", discharged: str = "", **fields: str) -> str:
    """A PV1 segment; ``fields`` by number as ``f4="21"``."""
    cells = [""] * 46
    cells[0], cells[1], cells[2], cells[3], cells[19] = "PV1", "1", "I", "W1^B2^3", number
    cells[44], cells[45] = admitted, discharged
    for name, value in fields.items():
        cells[int(name[1:])] = value
    return "|".join(cells)


def fold(*raw: bytes) -> Items:
    items = adt.fold("RZ1", raw)
    assert adt.fold("RZ1", tuple(reversed(raw)) + raw) == items, "the order of arrival changed the result"
    for item in items:
        if isinstance(item, Parsed):
            assert validate(item.resource) == []
    return items


def one(items: Items, kind: str) -> dict[str, Any]:
    (found,) = [item.resource for item in items if isinstance(item, Parsed) and item.type == kind]
    return found


def problems(items: Items) -> list[tuple[str, str, str]]:
    return [(item.field, item.rule, item.value) for item in items if isinstance(item, Problem)]


ADMIT = message("A01", "202001020900", PID, PD1, visit(admitted="202001020900", f4="21", f10="300", f14="19"))
DISCHARGE = message("A03", "202001051200", PID, visit(admitted="202001020900", discharged="202001051200", f36="19"))


def test_an_admission_and_a_discharge_are_one_finished_encounter() -> None:
    items = fold(DISCHARGE, ADMIT)
    assert problems(items) == []
    found = one(items, "Encounter")
    assert found["status"] == "finished"
    assert found["class"]["code"] == "IMP"
    assert found["period"] == {"start": "2020-01-02T09:00:00+00:00", "end": "2020-01-05T12:00:00+00:00"}
    method = found["hospitalization"]["extension"][0]["valueCodeableConcept"]["coding"][0]
    assert method["code"] == "21"
    assert found["hospitalization"]["dischargeDisposition"]["coding"][0]["code"] == "19"
    assert found["serviceProvider"]["identifier"]["value"] == "RZ1"
    assert found["serviceType"]["coding"][0]["code"] == "300"
    person = demographics(one(items, "Patient"))
    assert (person.nhs_number, person.family, person.given) == ("9990000018", "Shah", ("Asha", "Devi"))
    assert (person.postcode, person.practice, person.ethnicity) == ("ZZ1 1AA", "A81001", "A")
    assert {item.local_person for item in items if isinstance(item, Parsed)} == {"M1"}


def test_an_update_changes_what_it_mentions_deletes_what_it_says_and_empties_nothing() -> None:
    update = message("A08", "202002010000", 'PID|1||M1^^^RZ1^MR||Patel^Asha||||||""||')
    person = one(fold(ADMIT, update), "Patient")
    assert [n["family"] for n in person["name"]] == ["Patel"]
    assert "address" not in person
    assert person["birthDate"] == "1950-02-01"
    assert person["telecom"][0]["value"] == "07700900123"
    assert demographics(person).nhs_number == "9990000018"


def test_a_late_entry_of_an_early_event_does_not_overrule_a_later_one() -> None:
    moved = message("A08", "202002010000", PID.replace("ZZ1 1AA", "ZZ2 2BB"))
    backdated = message("A08", "202001150000", PID.replace("ZZ1 1AA", "ZZ3 3CC"), entered="202003010000")
    assert demographics(one(fold(ADMIT, moved, backdated), "Patient")).postcode == "ZZ2 2BB"


def named(family: str, at: str, event: str = "A08") -> bytes:
    return message(event, at, PID.replace("Shah", family))


def at(day: int) -> datetime:
    return datetime(2020, 1, day, 12, tzinfo=UTC)


def test_a_senders_clock_that_is_ahead_overrules_nothing_told_later_and_is_told() -> None:
    """Given an update of the year 2099, and one of the day after it came; then the later holds, in whatever order."""
    ahead, next_day = named("Ahead", "209901010000"), named("Later", "202001030900")
    came = {ahead: at(2), next_day: at(3)}
    for told in permutations((ADMIT, ahead, next_day)):
        items = adt.fold("RZ1", told, None, came, at(3))
        assert demographics(one(items, "Patient")).family == "Later"
        (problem,) = [item for item in items if isinstance(item, Problem)]
        assert (problem.field, problem.rule, problem.raw) == ("EVN-2", "clock-ahead", ahead)
    assert demographics(one(adt.fold("RZ1", [ahead, ADMIT], None, came, at(3)), "Patient")).family == "Ahead"


def test_what_a_clock_set_ahead_tells_keeps_its_own_order() -> None:
    stay = [
        message("A01", "209901010900", PID, visit(admitted="209901010900")),
        message("A03", "209901020900", PID, visit(admitted="209901010900", discharged="209901020900")),
    ]
    for told in (stay, stay[::-1]):
        found = one(adt.fold("RZ1", told, None, dict.fromkeys(stay, at(2)), None), "Encounter")
        assert (found["status"], found["period"]["end"]) == ("finished", "2099-01-02T09:00:00+00:00")


def test_a_time_zone_or_a_planned_stay_is_no_wrong_clock() -> None:
    soon, planned = named("Soon", "202001022300"), message("A14", "202003010900", PID, visit(), entered="202001020900")
    items = adt.fold("RZ1", [soon, planned], None, {soon: at(2), planned: at(2)}, at(2))
    assert not [item for item in items if isinstance(item, Problem)]


def test_messages_at_one_moment_are_ordered_by_control_id_as_a_number() -> None:
    ninth = message("A08", "202001010000", PID.replace("Shah", "Ninth"), control="9")
    tenth = message("A08", "202001010000", PID.replace("Shah", "Tenth"), control="10")
    assert demographics(one(fold(tenth, ninth), "Patient")).family == "Tenth"


def test_a_transfer_is_a_stay_in_two_places() -> None:
    transfer = message("A02", "202001031000", PID, visit(f3="W9^B1^1"))
    stays = one(fold(ADMIT, transfer, DISCHARGE), "Encounter")["location"]
    assert [stay["location"]["display"] for stay in stays[:2]] == ["W1, B2, 3", "W9, B1, 1"]
    assert stays[0]["period"]["end"] == stays[1]["period"]["start"] == "2020-01-03T10:00:00+00:00"


def test_the_last_place_is_left_when_the_stay_ends() -> None:
    transfer = message("A02", "202001031000", PID, visit(f3="W9^B1^1"))
    found = one(fold(ADMIT, transfer, DISCHARGE), "Encounter")
    assert [stay["period"]["end"] for stay in found["location"]] == [
        "2020-01-03T10:00:00+00:00",
        found["period"]["end"],
    ]
    assert "end" not in one(fold(ADMIT, transfer), "Encounter")["location"][-1]["period"]


def test_a_cancellation_reverses_the_event_it_names_whichever_was_entered_first() -> None:
    """Given a transfer entered an hour after it took place; when a cancellation entered before that names its time."""
    wrong = message("A02", "202001031230", PID, visit(f3="W8^B1^1"), entered="202001031330")
    cancel = message("A12", "202001031230", PID, visit(), entered="202001031245")
    right = message("A02", "202001031300", PID, visit(f3="W9^B1^1"), entered="202001031400")
    stays = one(fold(ADMIT, wrong, cancel, right, DISCHARGE), "Encounter")["location"]
    assert [stay["location"]["display"] for stay in stays] == ["W1, B2, 3", "W9, B1, 1"]


def test_a_discharge_entered_again_at_the_time_of_one_that_was_cancelled_stands() -> None:
    first = message("A03", "202001051200", PID, visit(discharged="202001051200"))
    cancel = message("A13", "202001051200", PID, visit(), entered="202001051300")
    again = message("A03", "202001051200", PID, visit(discharged="202001051200"), entered="202001051400")
    assert one(fold(ADMIT, first, cancel, again), "Encounter")["status"] == "finished"


def test_a_cancelled_discharge_leaves_the_person_in_hospital() -> None:
    cancel = message("A13", "202001051200", PID, visit(), entered="202001051300")
    found = one(fold(ADMIT, DISCHARGE, cancel), "Encounter")
    assert found["status"] == "in-progress"
    assert "end" not in found["period"]


def test_a_cancellation_reverses_exactly_the_discharge_it_names() -> None:
    first = message("A03", "202001051200", PID, visit(discharged="202001051200"))
    cancel = message("A13", "202001051200", PID, visit(), entered="202001071300")
    second = message("A03", "202001061500", PID, visit(discharged="202001061500"))
    found = one(fold(ADMIT, first, cancel, second), "Encounter")
    assert (found["status"], found["period"]["end"]) == ("finished", "2020-01-06T15:00:00+00:00")


def test_a_cancelled_admission_is_a_cancelled_encounter_and_a_new_one_is_not() -> None:
    cancel = message("A11", "202001020900", PID, visit(), entered="202001021000")
    assert one(fold(ADMIT, cancel), "Encounter")["status"] == "cancelled"
    assert one(fold(cancel), "Encounter")["status"] == "cancelled"
    late = message("A11", "202001020900", PID, visit(), entered="202001060000")
    assert one(fold(ADMIT, DISCHARGE, late), "Encounter")["status"] == "cancelled"
    again = message("A01", "202001031100", PID, visit(admitted="202001031100"))
    found = one(fold(ADMIT, cancel, again), "Encounter")
    assert (found["status"], found["period"]["start"]) == ("in-progress", "2020-01-03T11:00:00+00:00")


def test_a_preadmission_is_planned_until_the_person_comes() -> None:
    plan = message("A05", "202001010900", PID, visit(f2="P"))
    assert one(fold(plan), "Encounter")["status"] == "planned"
    assert one(fold(plan, ADMIT), "Encounter")["status"] == "in-progress"
    assert one(fold(plan, message("A38", "202001011200", PID, visit())), "Encounter")["status"] == "cancelled"


def test_visits_without_a_number_are_told_apart_by_admission() -> None:
    def unnumbered(event: str, at: str, admitted: str = "") -> bytes:
        return message(event, at, PID, visit("", admitted))

    items = fold(
        unnumbered("A01", "202001020900", "202001020900"),
        unnumbered("A03", "202001031000"),
        unnumbered("A01", "202002020900"),
        unnumbered("A03", "202002031000"),
    )
    found = [item.resource for item in items if isinstance(item, Parsed) and item.type == "Encounter"]
    assert [(e["status"], e["period"]["start"][:10], e["period"]["end"][:10]) for e in found] == [
        ("finished", "2020-01-02", "2020-01-03"),
        ("finished", "2020-02-02", "2020-02-03"),
    ]
    assert all("identifier" not in e for e in found)


def test_a_merge_names_both_numbers_and_the_person_survives() -> None:
    merge = message("A40", "202006010000", PID, "MRG|M0^^^RZ1^MR", control="C7")
    items = fold(ADMIT, merge)
    (found,) = [item for item in items if isinstance(item, Merge)]
    assert (found.surviving, found.retired, found.control_id) == ("M1", "M0", "C7")
    assert found.at.isoformat() == "2020-06-01T00:00:00+01:00"
    assert one(items, "Patient")["link"][0]["type"] == "replaces"


def test_a_message_with_an_impossible_birth_month_says_so_and_the_rest_of_it_is_read() -> None:
    raw = message("A28", "202001010000", PID.replace("19500201", "19501301"))
    items = fold(raw)
    assert problems(items) == [("PID-7", "format-date", "19501301")]
    assert items[-1].raw == raw  # type: ignore[union-attr]
    person = one(items, "Patient")
    assert "birthDate" not in person
    assert person["name"][0]["family"] == "Shah"


def test_a_discharge_before_its_admission_is_reported_and_left_out() -> None:
    early = message("A03", "202001011200", PID, visit(admitted="202001020900", discharged="202001011200"))
    items = fold(ADMIT, early)
    assert [p[:2] for p in problems(items)] == [("PV1-45", "end-before-start")]
    assert "end" not in one(items, "Encounter")["period"]


def test_seconds_and_minutes_of_one_moment_agree() -> None:
    both = message("A03", "20200102090052", PID, visit(admitted="20200102090052", discharged="202001020900"))
    items = fold(both)
    assert problems(items) == []
    assert one(items, "Encounter")["period"]["end"] == "2020-01-02T09:00:52+00:00"


def test_a_field_that_is_wrong_does_not_lose_the_rest() -> None:
    odd = message("A01", "202001020900", PID.replace("|F|", "|Q|"), visit(admitted="202013020900"))
    items = fold(odd)
    assert [p[:2] for p in problems(items)] == [("PID-8", "code-not-in-value-set"), ("PV1-44", "format-timestamp")]
    assert one(items, "Encounter")["period"]["start"] == "2020-01-02T09:00:00+00:00"


@pytest.mark.parametrize(
    ("raw", "field", "rule"),
    [
        (message("A99", "202001010000"), "MSH-9", "unknown-event"),
        (message("A18", "202001010000"), "MSH-9", "event-not-handled"),
        (message("A01", "202001010000").replace(b"ADT^A01", b"SIU^S12"), "MSH-9", "message-type-not-handled"),
        (message("A01", "202001010000", "PV1|1|I"), "PID", "required"),
        (message("A01", "202001010000", "PID|1||"), "PID-3", "required"),
        (message("A01", "202013010000"), "MSH-7", "format-timestamp"),
        (message("A40", "202001010000", PID, "MRG|"), "MRG-1", "required"),
        (message("A01", "202001010000", "PID|1||" + "7" * 251), "PID-3", "too-long"),
        (message("A40", "202001010000", PID, "MRG|" + "7" * 251), "MRG-1", "too-long"),
        (message("A01", "202001010000").replace(b"|P|2.4", b"7" * 5_000 + b"|P|2.4"), "MSH-10", "too-long"),
        (b"PID|1||M1", "MSH", "message-header-missing"),
    ],
)
def test_a_message_that_cannot_be_placed_is_a_problem_of_its_own(raw: bytes, field: str, rule: str) -> None:
    good = message("A08", "202001010000")
    items = list(adt.split(io.BytesIO(good + b"\r\n\r\n" + raw + b"\r" + good), 1))
    if not raw.startswith(b"MSH"):
        items = list(adt.split(io.BytesIO(raw + b"\r" + good), 1))
    (problem,) = [item for item in items if isinstance(item, Problem)]
    assert (problem.field, problem.rule, problem.raw) == (field, rule, raw)
    assert problem.message
    assert any(isinstance(item, adt.RawMessage) for item in items)


def test_splitting_says_what_a_message_is_about() -> None:
    (item,) = adt.split(io.BytesIO(b"\r\n\r\n" + ADMIT), 10)
    assert isinstance(item, adt.RawMessage)
    assert (item.line, item.event, item.visit, item.mrn, item.raw) == (12, "A01", "V1", "M1", ADMIT)
    assert item.happened.isoformat() == "2020-01-02T09:00:00+00:00"


def test_a_trust_that_sends_only_the_nhs_number_is_known_by_it() -> None:
    raw = message("A08", "202001010000", "PID|1||9990000018^^^NHS||Shah^Asha")
    (item,) = adt.split(io.BytesIO(raw))
    assert isinstance(item, adt.RawMessage)
    assert item.mrn == "9990000018"
