"""What a demonstration opens is there to be seen: the people it names, their doctors by name, what is under way."""

from collections import defaultdict
from typing import Any

from .conftest import World

AS_AT = "2020-10-31"
GMP = "https://fhir.hl7.org.uk/Id/gmp-number"


def _held(world: World, case: str) -> dict[str, list[dict[str, Any]]]:
    """By type, what the practice holds of the person a case names."""
    person = next(row["person"] for row in world.table("truth/cases.csv") if row["case"] == case)
    (local,) = {local for (_, feed, local), one in world.person_of.items() if one == person and feed == "gp"}
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for kind, resources in world.gp.items():
        for one in resources:
            about = [one.get("subject", {}), one.get("patient", {})]
            about += [part["actor"] for part in one.get("participant", ()) if "actor" in part]
            if one["id"] == local or f"Patient/{local}" in {each.get("reference") for each in about}:
                found[kind].append(one)
    return found


def test_people_on_show_have_every_heading(world: World) -> None:
    plans = {"vicky": {"2181441000000107"}, "plans": {"2181441000000107", "736366004"}}
    for case, codes in plans.items():
        held = _held(world, case)
        assert any(one["category"][0]["coding"][0]["code"] == "safety" for one in held["Flag"]), case
        assert any("reasonable-adjustment" in one["category"][0]["coding"][0]["code"] for one in held["Flag"]), case
        assert codes <= {one["category"][0]["coding"][0]["code"] for one in held["CarePlan"]}, case
        assert any(one.get("reaction") for one in held["AllergyIntolerance"]), case
        assert held["Patient"][0]["contact"][0]["name"]["text"], case
        waiting = {one["id"] for one in held["ServiceRequest"] if one["status"] == "active"}
        booked = {one["basedOn"][0]["reference"].partition("/")[2] for one in held["Appointment"]}
        assert waiting & booked, case
    assert any(one.get("description") for one in _held(world, "plans")["DocumentReference"])


def test_what_is_booked_is_to_come_and_what_was_asked_for_is_past(world: World) -> None:
    assert world.gp["Appointment"]
    assert all(one["start"][:10] > AS_AT and one["end"] > one["start"] for one in world.gp["Appointment"])
    assert all(one["authoredOn"] <= AS_AT for one in world.gp["ServiceRequest"])
    known = {row["ods_code"] for row in world.table("reference/organisations.csv")}
    assert {one["performer"][0]["identifier"]["value"] for one in world.gp["ServiceRequest"]} <= known


def test_who_is_named_by_number_is_in_the_directory(world: World) -> None:
    posts = {(row["code"], row["organisation"]) for row in world.table("reference/practitioners.csv")}
    named = {
        (doctor["identifier"]["value"], one["managingOrganization"]["identifier"]["value"])
        for one in world.gp["Patient"]
        for doctor in one.get("generalPractitioner", ())
        if doctor["type"] == "Practitioner"
    }
    assert named
    assert named <= posts
    consultants = {(m["PV1"][9].split("^")[0], m["MSH"][4]) for m in world.messages if "PV1" in m}
    assert consultants <= posts
    teams = {row["name"] for row in world.table("reference/services.csv")}
    rows = [
        row for entry in world.manifest.files if entry.feed in ("mh", "community") for row in world.events(entry.path)
    ]
    assert {row["TeamName"] for row in rows} <= teams
