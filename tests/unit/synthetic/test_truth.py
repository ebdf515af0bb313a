"""The truth agrees with a recount from the feeds alone: registers, people, conditions, life expectancy."""

from collections import Counter
from datetime import date
from typing import Any

from .conftest import World

AS_AT = "2020-10-31"
DIABETES = {"44054006", "46635009", "111552007"}
HYPERTENSION = {"59621000", "38341003", "1201005"}


def _code(resource: dict[str, Any]) -> str:
    return str(resource["code"].get("coding", [{"code": ""}])[0]["code"])  # what is named by text has no code


def _subject(resource: dict[str, Any]) -> str:
    return str(resource["subject"]["reference"].removeprefix("Patient/"))


def _band(birth: str) -> str:
    born, now = date.fromisoformat(birth), date.fromisoformat(AS_AT)
    age = now.year - born.year - ((now.month, now.day) < (born.month, born.day))
    return next(
        name
        for low, name in ((85, "85+"), (75, "75-84"), (65, "65-74"), (40, "40-64"), (18, "18-39"), (0, "0-17"))
        if age >= low
    )


class Recount:
    """Counts registers from the files as a pipeline would that links people perfectly."""

    def __init__(self, world: World) -> None:
        self.counts: Counter[tuple[str, ...]] = Counter()
        orgs = {o["ods_code"]: o for o in world.table("reference/organisations.csv")}
        self.system = next(o["ods_code"] for o in orgs.values() if o["kind"] == "icb")
        quintile = {a["lsoa"]: a["imd_quintile"] for a in world.table("reference/small_areas.csv")}
        area = {p["postcode"]: p["lsoa"] for p in world.table("reference/postcodes.csv")}
        self.rows: dict[str, tuple[list[tuple[str, str]], list[tuple[str, str]]]] = {}
        self.current = set()
        for person in world.gp["Patient"]:
            footprints = [("system", self.system)]
            for reference in person.get("generalPractitioner", []):
                if reference["type"] != "Organization":
                    continue
                code = reference["identifier"]["value"]
                org = orgs[orgs[code]["successor"] or code]
                footprints += [("place", org["place"]), ("network", org["network"])]
            ethnicity = person["extension"][0]["valueCodeableConcept"]["coding"][0]["code"]
            self.rows[person["id"]] = (
                footprints,
                [
                    ("all", "all"),
                    ("sex", person["gender"]),
                    ("age_band", _band(person["birthDate"])),
                    ("ethnicity", ethnicity),
                    ("deprivation_quintile", quintile[area[person["address"][0]["postalCode"]]]),
                ],
            )
            if len(footprints) > 1 and "deceasedDateTime" not in person:
                self.current.add(person["id"])

    def add(self, register: str, people: list[str]) -> None:
        for id in people:
            footprints, lenses = self.rows[id]
            self.counts.update((register, *f, *lens) for f in footprints for lens in lenses)


def test_registers_recounted_from_the_feeds(world: World) -> None:
    recount = Recount(world)
    resolved = {_subject(c) for c in world.gp["Condition"] if _code(c) == "315051004"}
    assert resolved, "the resolved code must occur for this test to mean anything"
    for register, codes, without in (("diabetes", DIABETES, resolved), ("hypertension", HYPERTENSION, set())):
        active = {
            _subject(c)
            for c in world.gp["Condition"]
            if _code(c) in codes and c["clinicalStatus"]["coding"][0]["code"] == "active"
        }
        recount.add(register, sorted(active & recount.current - without))
    latest: dict[str, tuple[str, str]] = {}
    for o in world.gp["Observation"]:
        if _code(o) in ("224484003", "199361000000101"):
            latest[_subject(o)] = max(latest.get(_subject(o), ("", "")), (o["effectiveDateTime"], _code(o)))
    carers = {p for p, (_, code) in latest.items() if code == "224484003"} & recount.current
    assert len(carers) < len(latest), "some carer codes must have ended"
    recount.add("carers", sorted(carers))
    of_person = {person: id for (_, feed, id), person in world.person_of.items() if feed == "gp"}
    visits = {}
    for m in world.messages:
        if m["EVN"][1] == "A01" and m["PV1"][2] == "I" and m["PV1"][4] in ("21", "22", "23", "24", "28"):
            local = m["PID"][3].split("~")[-1].split("^")[0]
            if "20191101" <= m["PV1"][44][:8] <= "20201031":
                visits[m["MSH"][4], m["PV1"][19]] = of_person[world.person_of[m["MSH"][4], "adt", local]]
    recount.add("emergency_admissions", list(visits.values()))
    truth = {
        (r["register"], r["footprint_kind"], r["footprint"], r["lens"], r["category"]): int(r["count"])
        for r in world.table("truth/registers.csv")
    }
    assert truth == dict(recount.counts)
    assert {k[0] for k in truth} == {"diabetes", "hypertension", "carers", "emergency_admissions"}


def test_each_person_has_one_general_practice_record_that_agrees_with_the_truth(world: World) -> None:
    held = {p["id"]: p for p in world.gp["Patient"]}
    seen = []
    for (source, feed, id), person in world.person_of.items():
        assert person in world.people
        if feed != "gp":
            continue
        seen.append(person)
        true, said = world.people[person], held[id]
        assert said["identifier"][0]["value"] == true["nhs_number"]
        assert (said["birthDate"], said["gender"]) == (true["birth_date"], true["sex"])
        assert said.get("deceasedDateTime", "") == true["death_date"]
        assert said["managingOrganization"]["identifier"]["value"] == source
        assert ("generalPractitioner" in said) == bool(true["practice"])
    assert sorted(seen) == sorted(world.people)


def test_every_local_number_in_the_feeds_is_somebodys(world: World) -> None:
    for m in world.messages:
        locals_ = [m["PID"][3].split("~")[-1].split("^")[0]] + ([m["MRG"][1].split("^")[0]] if "MRG" in m else [])
        assert len({world.person_of[m["MSH"][4], "adt", n] for n in locals_}) == 1
    for entry in world.manifest.files:
        if entry.feed in ("cld", "mh", "community"):
            columns = {"cld": "LA Person Unique Identifier", "mh": "LocalPatientId", "community": "PatientId"}
            column = columns[entry.feed]
            assert {r[column] for r in world.events(entry.path)} <= {
                id for (source, feed, id) in world.person_of if (source, feed) == (entry.source, entry.feed)
            }


def test_nothing_happens_before_birth_or_after_death(world: World) -> None:
    for kind in ("Encounter", "Observation", "MedicationRequest"):
        for resource in world.gp[kind]:
            when = (resource.get("effectiveDateTime") or resource.get("authoredOn") or resource["period"]["start"])[:10]
            person = world.people[_person(world, resource)]
            assert person["birth_date"] <= when <= (person["death_date"] or AS_AT)
            assert when >= "2015-11-01"
    for m in world.messages:
        person = world.people[world.person_of[m["MSH"][4], "adt", m["PID"][3].split("~")[-1].split("^")[0]]]
        if "PV1" in m and person["death_date"]:
            assert m["PV1"][45][:8] <= person["death_date"].replace("-", "")
            assert (m["PID"][30] == "Y") == (m["PV1"][36] == "4")


def _person(world: World, resource: dict[str, Any]) -> str:
    index = world.extra.setdefault("gp", {id: p for (_, feed, id), p in world.person_of.items() if feed == "gp"})
    return str(index[_subject(resource)])


def test_some_are_born_and_some_die_and_every_kind_of_feed_has_people(world: World) -> None:
    assert any(p["birth_date"] >= "2015-11-01" for p in world.people.values())
    assert any(p["death_date"] for p in world.people.values())
    assert {feed for _, feed, _ in world.person_of} == {"gp", "adt", "cld", "mh", "community", "ambulance"}
    assert {m["EVN"][1] for m in world.messages} == {"A01", "A03", "A08", "A40"}


def test_vicky_is_known_to_everyone_under_one_number_and_birth_date(world: World) -> None:
    vicky = next(c["person"] for c in world.table("truth/cases.csv") if c["case"] == "vicky")
    known = {feed for (_, feed, _), person in world.person_of.items() if person == vicky}
    assert known == {"gp", "adt", "cld", "mh", "community"}
    person = world.people[vicky]
    birth = date.fromisoformat(person["birth_date"])
    for entry in world.manifest.files:
        if entry.feed == "cld":
            number, born, written = "NHS Number", "Date of Birth", birth.strftime("%d/%m/%Y")
        elif entry.feed == "mh":
            number, born, written = "NHSNumber", "BirthDate", birth.isoformat()
        else:
            continue
        for row in world.events(entry.path):
            if row[number] == person["nhs_number"]:
                assert row[born] == written
    services = [
        r
        for f in world.manifest.files
        if f.feed == "cld"
        for r in world.events(f.path)
        if r["NHS Number"] == person["nhs_number"] and r["Event Type"] == "Service"
    ]
    assert services
    assert not services[-1]["Event End Date"], "her care goes on"


def test_life_expectancy_is_written_for_each_sex_and_quintile_from_all_deaths(world: World) -> None:
    rows = world.table("truth/life_expectancy.csv")
    assert [(r["sex"], r["imd_quintile"]) for r in rows] == [
        (s, q) for s in ("female", "male") for q in ("all", "1", "2", "3", "4", "5")
    ]
    for sex in ("female", "male"):
        of_sex = [r for r in rows if r["sex"] == sex]
        died = sum(bool(p["death_date"]) for p in world.people.values() if p["sex"] == sex)
        assert int(of_sex[0]["deaths"]) == died == sum(int(r["deaths"]) for r in of_sex[1:])
        lived = float(of_sex[0]["person_years"])
        assert abs(lived - sum(float(r["person_years"]) for r in of_sex[1:])) < 1
