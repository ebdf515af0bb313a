"""What each event of a stay does, and that each cancellation reverses exactly what it cancels."""

import base64
import io
import re
from typing import Any

import pytest

from commonweal.feeds import adt
from commonweal.feeds.types import Parsed, Problem
from tests.unit.feeds.test_adt import ADMIT, PID, Items, fold, message, one, problems, visit

OTHER = PID.replace("M1^^^RZ1^MR", "M2^^^RZ1^MR").replace("9990000018", "9990000026")


def encounter(*raw: bytes) -> dict[str, Any]:
    return one(fold(ADMIT, *raw), "Encounter")


@pytest.mark.parametrize(
    ("event", "cancel", "said", "told"),
    [
        ("A02", "A12", {"f3": "W9^B1^1"}, {"f3": "W9^B1^1"}),
        ("A03", "A13", {"f36": "19"}, {"f36": "19"}),
        ("A15", "A26", {"f3": "W9^B1^1"}, {}),
        ("A16", "A25", {}, {}),
        ("A21", "A52", {}, {}),
        ("A54", "A55", {"f7": "C2^Okafor^Ada"}, {"f7": "C2^Okafor^Ada"}),
    ],
)
def test_an_event_and_its_cancellation_leave_what_was(
    event: str, cancel: str, said: dict[str, str], told: dict[str, str]
) -> None:
    before = message("A08", "202001020930", PID, visit(f7="C1^Shah^Asha"))
    done = message(event, "202001031000", PID, visit(**said))
    undone = message(cancel, "202001031000", PID, visit(**told), entered="202001031100")
    assert encounter(before, done, undone) == encounter(before)
    if event not in ("A15", "A16"):
        assert encounter(before, done) != encounter(before)


def test_a_cancelled_return_leaves_the_person_on_leave() -> None:
    left = message("A21", "202001031000", PID, visit())
    back = message("A22", "202001032000", PID, visit())
    assert encounter(left)["status"] == "onleave"
    assert encounter(left, back)["status"] == "in-progress"
    undone = message("A53", "202001032000", PID, visit(), entered="202001032100")
    assert encounter(left, back, undone)["status"] == "onleave"


def test_a_pending_admission_is_planned_and_its_cancellation_cancels_it() -> None:
    pending = message("A14", "202001020900", PID, visit())
    assert one(fold(pending), "Encounter")["status"] == "planned"
    undone = message("A27", "202001020900", PID, visit(), entered="202001020930")
    assert one(fold(pending, undone), "Encounter")["status"] == "cancelled"


def test_an_outpatient_who_becomes_an_inpatient_has_one_visit_from_its_beginning() -> None:
    registered = message("A04", "202001020900", PID, visit(admitted="202001020900", f2="O"))
    admitted = message("A06", "202001021300", PID, visit(f2="I"))
    found = one(fold(registered, admitted), "Encounter")
    assert (found["class"]["code"], found["period"]["start"]) == ("IMP", "2020-01-02T09:00:00+00:00")
    back = one(fold(registered, admitted, message("A07", "202001021500", PID, visit(f2="O"))), "Encounter")
    assert back["class"]["code"] == "AMB"


def test_two_people_who_change_beds_both_move() -> None:
    other = message("A01", "202001020900", OTHER, visit("V2", admitted="202001020900", f3="W1^B2^4"))
    swap = message("A17", "202001031000", PID, visit(f3="W1^B2^4"), OTHER, visit("V2", f3="W1^B2^3"))
    (placed,) = list(adt.split(io.BytesIO(swap)))
    assert isinstance(placed, adt.RawMessage)
    assert (placed.mrn, placed.also) == ("M1", ("M2",))
    items = fold(ADMIT, other, swap)
    beds = {i.local_person: i.resource["location"][-1]["location"]["display"] for i in _encounters(items)}
    assert beds == {"M1": "W1, B2, 4", "M2": "W1, B2, 3"}
    alone = adt.fold("RZ1", [ADMIT, swap], {"M1"})
    assert {i.local_person for i in alone if isinstance(i, Parsed)} == {"M1"}


def _encounters(items: Items) -> list[Parsed]:
    return [item for item in items if isinstance(item, Parsed) and item.type == "Encounter"]


def test_a_person_deleted_by_message_is_kept_and_only_marked() -> None:
    deleted = message("A29", "202002010000")
    person = one(fold(ADMIT, deleted), "Patient")
    assert person["active"] is False
    assert person["name"][0]["family"] == "Shah"
    assert "active" not in one(fold(ADMIT, deleted, message("A31", "202003010000")), "Patient")


@pytest.mark.parametrize("event", ["A30", "A40", "A47"])
def test_a_merge_during_a_visit_leaves_one_visit_under_the_number_that_survives(event: str) -> None:
    old = PID.replace("M1^^^RZ1^MR", "M0^^^RZ1^MR")
    admitted = message("A01", "202001020900", old, visit(admitted="202001020900"), control="1")
    merged = message(event, "202001031000", PID, "MRG|M0^^^RZ1^MR", control="2")
    left = message("A03", "202001051200", PID, visit(discharged="202001051200"), control="3")
    items = fold(admitted, merged, left)
    (stay,) = _encounters(items)
    assert (stay.local_person, stay.resource["status"]) == ("M1", "finished")
    assert stay.resource["period"]["start"] == "2020-01-02T09:00:00+00:00"
    links = {i.local_person: i.resource["link"] for i in items if isinstance(i, Parsed) and i.type == "Patient"}
    assert {who: link[0]["type"] for who, link in links.items()} == {"M0": "replaced-by", "M1": "replaces"}


def test_a_moved_visit_is_the_other_persons_and_both_people_stay() -> None:
    moved = message("A45", "202001031000", OTHER, "MRG|M1^^^RZ1^MR||||V1", visit())
    left = message("A03", "202001051200", OTHER, visit(discharged="202001051200"))
    items = fold(ADMIT, moved, left)
    (stay,) = _encounters(items)
    assert (stay.local_person, stay.resource["status"]) == ("M2", "finished")
    people = [i for i in items if isinstance(i, Parsed) and i.type == "Patient"]
    assert {p.local_person for p in people} == {"M1", "M2"}
    assert all("link" not in p.resource for p in people)


def test_the_hour_that_comes_twice_and_the_hour_that_is_skipped() -> None:
    twice = message("A01", "202010250130", PID, visit(admitted="202010250130"))
    assert one(fold(twice), "Encounter")["period"]["start"] == "2020-10-25T01:30:00+01:00"
    second = message("A01", "202010250130+0000", PID, visit(admitted="202010250130+0000"))
    assert one(fold(second), "Encounter")["period"]["start"] == "2020-10-25T01:30:00+00:00"
    skipped = message("A01", "202003290130", PID, visit(admitted="202003290130"))
    assert one(fold(skipped), "Encounter")["period"]["start"] == "2020-03-29T02:30:00+01:00"


RESULT = (
    "MSH|^~\\&|LAB|RZ1|X|Y|{sent}||ORU^R01|{control}|P|2.4||||||UNICODE UTF-8\r" + PID + "\r"
    "OBR|1|P1|F1|U^Urea and electrolytes^LOCAL|||202001020900|||||||||||||||{sent}||LAB|{report}\r"
    "OBX|1|NM|K^Potassium^LOCAL||{value}|mmol/L^^UCUM|3.5-5.3|{flag}|||{status}\r"
    "NTE|1||Slightly haemolysed\r"
    "OBX|2|SN|C^C-reactive protein^LOCAL||<^5|mg/L|<5||||F\r"
    "OBX|3|ST|T^Comment^LOCAL||seen||||||F"
)


def result(control: str, sent: str, **said: str) -> bytes:
    fields = {"report": "F", "value": "5.9", "flag": "H", "status": "F", **said}
    return RESULT.format(control=control, sent=sent, **fields).encode()


def test_a_result_has_its_value_unit_range_flag_and_note() -> None:
    items = fold(result("1", "202001021000"))
    assert problems(items) == []
    report = one(items, "DiagnosticReport")
    assert (report["status"], report["code"]["text"], len(report["result"])) == ("final", "Urea and electrolytes", 3)
    potassium, crp, comment = [i.resource for i in items if isinstance(i, Parsed) and i.type == "Observation"]
    ucum = {"unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"}
    assert potassium["valueQuantity"] == {"value": 5.9, **ucum}
    assert potassium["referenceRange"] == [
        {"low": {"value": 3.5, **ucum}, "high": {"value": 5.3, **ucum}, "text": "3.5-5.3"}
    ]
    assert potassium["interpretation"][0]["coding"][0]["code"] == "H"
    assert potassium["note"] == [{"text": "Slightly haemolysed"}]
    assert crp["valueQuantity"] == {"value": 5, "comparator": "<", "unit": "mg/L"}
    assert comment["valueString"] == "seen"
    assert {reference["reference"] for reference in report["result"]} == {
        f"Observation/{one['id']}" for one in (potassium, crp, comment)
    }


def test_a_correction_counts_whenever_it_arrives_and_a_wrong_result_is_marked_not_removed() -> None:
    first = result("1", "202001021000", status="P", report="P")
    corrected = result("2", "202001021200", value="4.1", flag="N", status="C", report="C")
    items = fold(corrected, first)
    assert one(items, "DiagnosticReport")["status"] == "corrected"
    potassium = next(i.resource for i in items if isinstance(i, Parsed) and i.type == "Observation")
    assert (potassium["status"], potassium["valueQuantity"]["value"]) == ("corrected", 4.1)
    wrong = fold(first, corrected, result("3", "202001021300", status="W"))
    assert next(i.resource["status"] for i in wrong if isinstance(i, Parsed) and i.type == "Observation") == (
        "entered-in-error"
    )


def test_a_number_that_is_none_is_kept_as_text_and_reported() -> None:
    items = fold(result("1", "202001021000", value="haemolysed"))
    assert problems(items) == [("OBX-5", "format-decimal", "haemolysed")]
    potassium = next(i.resource for i in items if isinstance(i, Parsed) and i.type == "Observation")
    assert potassium["valueString"] == "haemolysed"


def test_a_document_has_its_text_and_a_cancelled_one_is_marked() -> None:
    def document(control: str, sent: str, availability: str) -> bytes:
        txa = f"TXA|1|DS^Discharge summary|TX|202001050900|||{sent}|||^Okafor^Ada|||D1|||||AU||{availability}"
        txa = txa.replace(f"|||{sent}|||", f"||{sent}|||")
        return "\r".join(
            [f"MSH|^~\\&|EDM|RZ1|X|Y|{sent}||MDM^T02|{control}|P|2.4", f"EVN|T02|{sent}", PID, txa,
             "OBX|1|TX|T^Text||Went home well.~Review in a week."]
        ).encode()  # fmt: skip

    found = one(fold(document("1", "202001051000", "AV")), "DocumentReference")
    assert found["status"] == "current"
    text = base64.b64decode(found["content"][0]["attachment"]["data"]).decode()
    assert text == "Went home well.\nReview in a week."
    items = fold(document("1", "202001051000", "AV"), document("2", "202001061000", "CA"))
    assert one(items, "DocumentReference")["status"] == "entered-in-error"


def test_character_sets_by_declaration_with_alternates() -> None:
    raw = result("1", "202001021000").replace(b"UNICODE UTF-8", b"ASCII~8859/1").replace(b"Shah", b"Andr\xe9")
    assert one(fold(raw), "Patient")["name"][0]["family"] == "André"
    declared = result("1", "202001021000").replace(b"UNICODE UTF-8", b"ASCII").replace(b"Shah", b"Andr\xe9")
    (refused,) = adt.fold("RZ1", [declared])
    assert isinstance(refused, Problem)
    assert refused.rule == "encoding-not-as-declared"
    assert re.search("0xe9", refused.message)
