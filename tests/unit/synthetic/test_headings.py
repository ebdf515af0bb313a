"""What few sources fill is there for somebody on show, valid, dated, and of the people it can be of."""

from collections import defaultdict
from typing import Any

import numpy as np

from commonweal.fhir.validate import validate
from commonweal.synthetic.allergy_checks import _said
from commonweal.synthetic.practice_list import NONE_KNOWN, NOT_ASKED

from .conftest import World

AS_AT = "2020-10-31"
NONE = "716186003"
ADDED = (
    "ClinicalImpression", "Consent", "Device", "DeviceUseStatement", "FamilyMemberHistory", "Goal", "Procedure",
    "QuestionnaireResponse",
)  # fmt: skip


def _of(world: World, case: str) -> dict[str, list[dict[str, Any]]]:
    """By type, what the practice holds of the person a case names, of the types added."""
    person = next(row["person"] for row in world.table("truth/cases.csv") if row["case"] == case)
    (local,) = {local for (_, feed, local), one in world.person_of.items() if one == person and feed == "gp"}
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for kind in (*ADDED, "Observation"):
        for one in world.gp[kind]:
            if (one.get("subject") or one["patient"])["reference"] == f"Patient/{local}":
                found[kind].append(one)
    return found


def test_types_added_are_valid_dated_and_of_the_living(world: World) -> None:
    died = {one["id"] for one in world.gp["Patient"] if "deceasedDateTime" in one}
    surveys = [one for one in world.gp["Observation"] if one["category"][0]["coding"][0]["code"] == "survey"]
    assert surveys
    for kind in ADDED:
        assert world.gp[kind], kind
    added = [one for kind in ADDED for one in world.gp[kind]]
    for one in [*added, *surveys, *(one for rows in world.checked.values() for one in rows)]:
        assert validate(one) == [], one
    for one in added:
        whose = (one.get("subject") or one["patient"])["reference"].removeprefix("Patient/")
        assert whose not in died
        dates = [one.get(name) for name in ("dateTime", "startDate", "authored", "date", "performedDateTime")]
        assert all(day <= AS_AT for day in dates if day), one
    used = [one["device"]["reference"].partition("/")[2] for one in world.gp["DeviceUseStatement"]]
    assert sorted(used) == sorted(one["id"] for one in world.gp["Device"])


def test_people_on_show_have_something_under_each_heading(world: World) -> None:
    for case, refused in (("vicky", "Electroconvulsive therapy"), ("plans", "Ventilation and feeding by tube")):
        held = _of(world, case)
        for kind in ("Goal", "DeviceUseStatement", "Consent", "Procedure", "FamilyMemberHistory"):
            assert held[kind], (case, kind)
        assert any(one["category"][0]["coding"][0]["code"] == "survey" for one in held["Observation"]), case
        said = [text["text"] for one in held["Consent"] for text in one["provision"].get("code", ())]
        assert len(said) == 1, case
        assert said[0].startswith(refused), case
    powers = [one for one in _of(world, "plans")["Consent"] if "actor" in one["provision"]]
    assert len(powers) == 1
    assert powers[0]["provision"]["actor"][0]["reference"]["display"]
    for one in world.gp["Consent"]:
        later = [two for two in world.gp["Consent"] if two["patient"] == one["patient"] and "actor" in two["provision"]]
        assert "actor" in one["provision"] or all(two["dateTime"] < one["dateTime"] for two in later), (
            "a power of attorney given later undoes an advance decision"
        )


def test_the_frailty_scale_is_as_frail_as_the_practice_coded(world: World) -> None:
    words = {"925791000000100": "mild", "925831000000107": "moderate", "925861000000102": "severe"}
    coded = defaultdict(set)
    for one in world.gp["Condition"]:
        code = one["code"]["coding"][0]["code"]
        if code in words:
            coded[one["subject"]["reference"]].add(words[code])
    scaled = [one for one in world.gp["Observation"] if "Frailty Scale" in one["code"].get("text", "")]
    assert scaled
    for one in scaled:
        grade = one["valueCodeableConcept"]["text"]
        of = coded[one["subject"]["reference"]]
        assert any(f"living with {word} frailty" in grade for word in of) if of else "very mild" in grade


def test_the_hospital_denies_the_allergy_of_somebody_on_show(world: World) -> None:
    listed = defaultdict(set)
    for one in world.gp["AllergyIntolerance"]:
        local = one["patient"]["reference"].removeprefix("Patient/")
        listed[local].add(one["code"]["coding"][0]["code"])
    practice = {person: local for (_, feed, local), person in world.person_of.items() if feed == "gp"}
    vicky = next(row["person"] for row in world.table("truth/cases.csv") if row["case"] == "vicky")
    said = {
        world.person_of[source, "adt", one["patient"]["reference"].removeprefix("Patient/")]: one
        for source, rows in world.checked.items()
        for one in rows
    }
    assert said[vicky]["code"]["coding"][0]["code"] == NONE
    assert "91936005" in listed[practice[vicky]]
    assert all("2020-09-01" <= one["recordedDate"] <= AS_AT for one in said.values())


def test_what_the_pharmacy_says_of_what_the_practice_holds() -> None:
    listed = np.array([0, 1, 2, NONE_KNOWN, NONE_KNOWN, NOT_ASKED])
    draw = np.array([0.0, 0.15, 0.9, 0.0, 0.5, 0.5])
    said, refuted = _said(listed, draw, np.array([2, 2, 2, 1, 1, 1]))
    assert said.tolist() == [NONE_KNOWN, 1, 2, 1, NONE_KNOWN, NONE_KNOWN]
    assert refuted.tolist() == [False, True, False, False, False, False]
