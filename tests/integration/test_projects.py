"""Analysis projects: approved by another, extracts nobody can join or guess, lists found again by care alone."""

import csv
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.db.utils import DatabaseError
from django.test import Client

from commonweal.domain.access.relationship import Relationship
from commonweal.domain.access.scope import Actor, Refused
from commonweal.domain.access.vocabulary import Purpose, Role
from commonweal.domain.population.projects import (
    ListStep,
    Outcome,
    ProjectError,
    ProjectPurpose,
    ProjectStep,
    Proposal,
)
from commonweal.lake.project_pseudonym import project_pseudonym, project_pseudonyms, well_formed
from tests.integration.acting import as_batch, as_role
from tests.integration.test_population import AREAS, ORGANISATIONS, condition, land, patient
from tests.integration.withholding import nameless

pytestmark = pytest.mark.usefixtures("world")

ANA = Actor("user:ana", "Ana", Role.ANALYST, "ICB")
BEN = Actor("user:ben", "Ben", Role.ANALYST, "ICB")
NADIA = Actor("user:nadia", "Nadia", Role.PRIVACY_OFFICER, "ICB")
TOM = Actor("user:tom", "Tom", Role.PRIVACY_OFFICER, "ICB")
GP = Actor("user:gp", "Dr Ray", Role.CLINICIAN, "P1")
STRANGER = Actor("user:lee", "Dr Lee", Role.CLINICIAN, "R1")
SURNAMES = {f"Surname{n}" for n in range(40)}
COLUMNS = ("person.age_band", "person.sex", "person.place", "person.diabetes", "condition.code", "condition.month")
AGREEMENT = {
    "agreements": [
        {
            "reference": "DSA-7",
            "title": "De-identified data for the system's own questions",
            "gives": ["*"],
            "receives": ["ICB"],
            "categories": ["demographics", "clinical", "medication"],
            "purposes": ["population_health", "research"],
            "from": "2020-04-01",
            "to": "2022-03-31",
            "review": "2021-03-31",
            "dpia": "DPIA-9",
            "controller": "ICB",
            "basis": "6(1)(e), 9(2)(h)",
            "confidentiality": "pseudonymised",
        }
    ]
}
WHY = "it answers the question and no more"
TODAY = [datetime(2020, 10, 31, 9, tzinfo=UTC)]


def proposal(code: str, **changes: Any) -> Proposal:
    said: dict[str, Any] = {
        "code": code,
        "title": "Diabetes not seen",
        "question": "Who lives with diabetes and has not been seen for a year?",
        "purpose": ProjectPurpose.POPULATION_HEALTH,
        "lawful_basis": "Article 6(1)(e), 9(2)(h)",
        "confidentiality": "pseudonymised",
        "agreement": "DSA-7",
        "controller": "S",
        "dpia": "DPIA-9",
        "starts": date(2020, 10, 1),
        "ends": date(2021, 3, 31),
        "custodian": "tom",
        "analysts": ("ana",),
        "columns": COLUMNS,
        "exemption": "",
    }
    return Proposal(**(said | changes))


def projects() -> Any:
    from commonweal.apps.population.api import projects as face

    return face


def caring() -> Any:
    from commonweal.apps.population.projects import caring as room

    return room


@pytest.fixture(scope="module")
def world(database: str) -> Iterator[None]:
    """Forty people of one practice in the lake, the accounts, and one approved project with two extracts' worth."""
    from commonweal.apps.access import api as access
    from commonweal.apps.identity import api as identity
    from commonweal.apps.places import api as places
    from commonweal.apps.population import api as population

    patch = pytest.MonkeyPatch()
    patch.setattr(settings, "COMMONWEAL_NOW", lambda: TODAY[0])
    reference = Path(settings.COMMONWEAL_HOME) / "reference"
    reference.mkdir()
    (reference / "organisations.csv").write_text(ORGANISATIONS)
    (reference / "small_areas.csv").write_text(AREAS)
    (reference / "postcodes.csv").write_text("postcode,lsoa\nZZ1 1AA,E1\nZZ1 1AB,E2\n")
    places.load_reference(reference)
    land([*((n, patient(n)) for n in range(40)), *((n, condition(n)) for n in range(15))])
    identity.identify()
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM record_compartment ORDER BY id")
        compartments = [row[0] for row in cursor.fetchall()]
    access.add_relationships([Relationship("P1", one, "registered", date(2015, 4, 1)) for one in compartments], "test")
    for actor in (ANA, BEN, NADIA, TOM, GP, STRANGER):
        name = actor.key.removeprefix("user:")
        access.create_user(name, "a long password", actor.role, actor.organisation, actor.name)
    population.refresh()
    access.load_agreements(AGREEMENT, by="nadia", approved_by="tom")
    approved("diabetes")
    projects().make("diabetes", "operator:it")
    yield
    patch.undo()


def approved(code: str, **changes: Any) -> None:
    projects().propose(ANA, proposal(code, **changes))
    projects().decide(NADIA, code, ProjectStep.APPROVE, WHY)


def extract_of(code: str, number: int = 1) -> Path:
    found = next(one for one in projects().projects() if one.code == code)
    folder: Path = projects().folder(found, number)
    return folder


def people_in(folder: Path) -> list[dict[str, str]]:
    with (folder / "person.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def marked(pseudonyms: list[str], actor: Actor = ANA, number: int = 1, code: str = "diabetes") -> int:
    asked = projects().Marking(
        number, "Not seen for a year", "diabetes and no check for a year", "a call from the nurse", tuple(pseudonyms)
    )
    return int(projects().mark(actor, code, asked))


def taken_up(pseudonyms: list[str]) -> int:
    """A list that both words are given for, and whose people are found."""
    ident = marked(pseudonyms)
    projects().decide_list(NADIA, ident, ListStep.ALLOW, WHY)
    caring().take_up(GP, ident, "our diabetes nurse calls them")
    projects().resolve(ident)
    return ident


def last_audit() -> tuple[str, str, str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT actor, action, target, outcome FROM access_audit ORDER BY id DESC LIMIT 1")
        row: tuple[str, str, str, str] = cursor.fetchone()
        return row


# -- projects ----------------------------------------------------------------------------------------------------------


def test_who_proposes_or_works_with_a_project_does_not_approve_it() -> None:
    with pytest.raises(Refused):
        projects().propose(GP, proposal("mine"))
    projects().propose(ANA, proposal("own"))
    with pytest.raises(Refused):
        projects().decide(ANA, "own", ProjectStep.APPROVE, WHY)
    with pytest.raises(ProjectError, match="is proposed today"):
        projects().make("own", "operator:it")
    projects().decide(NADIA, "own", ProjectStep.REFUSE, "the question is answered by counts")
    with pytest.raises(ProjectError, match="refused"):
        projects().decide(NADIA, "own", ProjectStep.APPROVE, WHY)
    with pytest.raises(DatabaseError), connection.cursor() as cursor:  # the tables hold it too
        cursor.execute("UPDATE population_project SET state = 'approved', decided_by = 'ana' WHERE code = 'own'")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"analysts": ()}, "analysts"),
        ({"analysts": ("gp",)}, "analysts"),
        ({"custodian": "ana"}, "custodian"),
        ({"custodian": "gp"}, "custodian"),
        ({"ends": date(2020, 10, 1)}, "ends"),
        ({"ends": date(2025, 10, 1)}, "ends"),
        ({"dpia": " "}, "dpia"),
        ({"columns": ("person.name",)}, "columns"),
        ({"columns": ()}, "columns"),
        ({"code": "a b"}, "code"),
        ({"code": "diabetes"}, "code"),
    ],
)
def test_what_cannot_be_proposed_says_which_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ProjectError) as caught:
        projects().propose(ANA, proposal(**({"code": "bad"} | changes)))
    assert caught.value.field == field


def test_a_project_stands_on_an_agreement_in_force_for_what_it_is_for() -> None:
    projects().propose(ANA, proposal("unagreed", purpose=ProjectPurpose.SERVICE_PLANNING))
    with pytest.raises(ProjectError, match="No agreement DSA-7 is in force"):
        projects().decide(NADIA, "unagreed", ProjectStep.APPROVE, WHY)
    TODAY[0] = datetime(2022, 4, 1, 9, tzinfo=UTC)
    try:
        projects().propose(ANA, proposal("late", starts=date(2022, 4, 1), ends=date(2022, 5, 1)))
        with pytest.raises(ProjectError, match="No agreement DSA-7 is in force"):
            projects().decide(NADIA, "late", ProjectStep.APPROVE, WHY)
    finally:
        TODAY[0] = datetime(2020, 10, 31, 9, tzinfo=UTC)


# -- extracts ----------------------------------------------------------------------------------------------------------


def test_an_extract_names_nobody_says_what_it_is_and_hides_who_is_alone() -> None:
    folder = extract_of("diabetes")
    rows = people_in(folder)
    assert set(rows[0]) == {"pseudonym", "age_band", "sex", "place", "diabetes"}
    assert all(well_formed(row["pseudonym"]) for row in rows)
    assert sum(row["diabetes"] == "true" for row in rows) == 15
    groups: dict[tuple[str, ...], int] = {}
    for row in rows:
        key = (row["age_band"], row["sex"], row["place"])
        groups[key] = groups.get(key, 0) + 1
    assert min(groups.values()) >= 5
    told = json.loads((folder / "notice.json").read_text())
    assert (told["project"], told["extract"], told["expires"]) == ("diabetes", "1", "2021-01-29")
    held = b"".join(path.read_bytes() for path in folder.iterdir())
    for word in (*SURNAMES, "ZZ1", "pat1", "1941-03"):
        assert word.encode() not in held
    assert b"DSA-7" in (folder / "person.parquet").read_bytes()  # in every copy's own footer
    assert "identifying" in (folder / "dictionary.csv").read_text().splitlines()[0]


def test_two_projects_and_two_periods_share_no_pseudonym() -> None:
    approved("falls")
    projects().make("falls", "operator:it")
    ours = {row["pseudonym"] for row in people_in(extract_of("diabetes"))}
    theirs = {row["pseudonym"] for row in people_in(extract_of("falls"))}
    assert len(ours) == len(theirs) == 40
    assert not ours & theirs
    again = projects().make("falls", "operator:it")
    assert {row["pseudonym"] for row in people_in(extract_of("falls", again.number))} == theirs
    assert projects().rotate("falls", "operator:it") == 2
    later = projects().make("falls", "operator:it")
    renamed = {row["pseudonym"] for row in people_in(extract_of("falls", later.number))}
    assert not renamed & theirs
    pairs = projects().bridge("falls", 1, 2, TOM)
    assert {former for former, _ in pairs} == theirs
    assert {now for _, now in pairs} == renamed
    with pytest.raises(ProjectError, match="no project 'none'; list them with"):
        projects().bridge("none", 1, 2, TOM)
    for stranger in (NADIA, ANA):
        with pytest.raises(Refused):
            projects().bridge("falls", 1, 2, stranger)
    assert last_audit() == ("user:ana", "bridge periods", "project falls", "refused")


def test_what_a_killed_extract_left_blocks_no_later_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Removed under the project's lock, so that no other job's folder is taken for one left behind."""
    from commonweal.apps.population.projects import extracts

    approved("killed")
    fresh, held = extracts._fresh, "SELECT objid FROM pg_locks WHERE locktype = 'advisory' AND classid = %s"

    def locked() -> list[int]:
        with connection.cursor() as cursor:
            cursor.execute(held, [extracts.LOCK])
            return [int(row[0]) for row in cursor.fetchall()]

    def under_lock(where: Path) -> Path:
        assert locked() == [next(one.id for one in projects().projects() if one.code == "killed")]
        return fresh(where)

    monkeypatch.setattr(extracts, "_fresh", under_lock)
    for left in (extract_of("killed"), extract_of("killed").with_name(".0001.99999999")):
        left.mkdir(parents=True)
        (left / "person.csv").write_text("half")
    made = projects().make("killed", "operator:it")
    assert made.number == 1
    assert [path.name for path in extract_of("killed").parent.iterdir()] == ["0001"]
    assert people_in(extract_of("killed"))
    assert locked() == []


def test_asking_and_marking_on_the_pages(as_app: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """An extract that the project does not give is refused on its page; one marking is one reading."""
    from commonweal.apps.access import api as access

    client = Client(SERVER_NAME="127.0.0.1")
    monkeypatch.setattr(access, "actor_of", lambda request: ANA)
    jobs = "SELECT lock, args ->> 'code' FROM procrastinate_jobs WHERE task_name = 'projects.extract'"
    assert client.post("/projects/diabetes/extracts").status_code == 302
    with as_batch(), connection.cursor() as cursor:
        cursor.execute(jobs)
        assert cursor.fetchall() == [("projects.extract diabetes", "diabetes")]
    projects().propose(ANA, proposal("waiting"))
    answer = client.post("/projects/waiting/extracts")
    assert answer.status_code == 400
    assert "Project waiting is proposed today: it gives no data." in answer.content.decode()
    said = {"title": "Not seen", "reason": "no check for a year", "offer": "a call from the nurse"}
    pseudonym = people_in(extract_of("diabetes"))[0]["pseudonym"]
    assert client.post("/projects/diabetes/extracts/1/mark", {**said, "pseudonyms": pseudonym}).status_code == 302
    with as_batch(), connection.cursor() as cursor:
        cursor.execute("SELECT action FROM access_audit ORDER BY id DESC LIMIT 2")
        assert cursor.fetchall() == [("mark list",), ("read extract",)]
        cursor.execute("SELECT action FROM access_audit ORDER BY id DESC LIMIT 1 OFFSET 2")
        assert cursor.fetchone() != ("read extract",)


def test_whose_a_file_found_somewhere_is_can_be_told(tmp_path: Path) -> None:
    found = tmp_path / "found.csv"
    some = [row["pseudonym"] for row in people_in(extract_of("diabetes"))[:7]]
    found.write_text("pseudonym\n" + "\n".join([*some, "A" * 26, "not one"]) + "\n")
    assert projects().trace(found) == [{"project": "diabetes", "period": 1, "pseudonyms": 7, "of": 8}]
    (tmp_path / "other.csv").write_text("name\nx\n")
    with pytest.raises(Exception, match="no column pseudonym"):
        projects().trace(tmp_path / "other.csv")


def test_people_who_opted_out_are_in_no_extract_and_are_counted() -> None:
    from commonweal.apps.access import api as access

    with connection.cursor() as cursor:
        cursor.execute("SELECT min(id) FROM record_compartment")
        one = cursor.fetchone()[0]
    access.set_opt_out(access.OptOut.NATIONAL_DATA, [one], True, source="P1", by="user:gp")
    try:
        approved("planning", purpose=ProjectPurpose.RESEARCH)
        made = projects().make("planning", "operator:it")
        assert (made.people, made.left_out) == (39, 1)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM access_opt_out")


def test_an_exempted_project_misses_nobody_whom_only_counts_leave_out() -> None:
    """Its own purpose and exemption say whom an extract misses, whatever the lake leaves out of counts."""
    from commonweal.apps.access import api as access
    from commonweal.apps.access import opt_outs
    from commonweal.apps.population import api as population

    rules = Path(settings.COMMONWEAL_HOME) / "opt_outs" / "rules.csv"
    rules.parent.mkdir()
    kept = (Path(opt_outs.__file__).parent / "rules.csv").read_text()
    rules.write_text(kept.replace("population_health,counts,no", "population_health,counts,yes"))
    opt_outs._read.cache_clear()
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(id) FROM record_compartment")
        one = cursor.fetchone()[0]
    access.set_opt_out(access.OptOut.NATIONAL_DATA, [one], True, source="P1", by="user:gp")
    try:
        assert population.refresh()["left_out"] == {"national_data": 1, "type_1": 0}
        for code, exemption, people in (("asked", "consent", 40), ("not-asked", "", 39)):
            approved(code, exemption=exemption)
            made = projects().make(code, "operator:it")
            assert (made.people, made.left_out) == (people, 40 - people)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM access_opt_out")
        rules.unlink()
        rules.parent.rmdir()
        opt_outs._read.cache_clear()
        population.refresh()


def test_what_few_of_its_people_have_had_is_withheld_and_counted() -> None:
    rules = Path(settings.COMMONWEAL_HOME) / "project_rare_values.csv"
    head = "from,table,column,kind,by,people,why\n"
    rules.write_text(
        head + "2015-04-01,condition,code,value,,5,a\n2020-10-01,condition,code,value,,16,b\n"
        "2015-04-01,person,*,flag,,16,c\n"
    )
    try:
        approved("rare")
        made = projects().make("rare", "operator:it")
        folder = extract_of("rare", made.number)
        with (folder / "condition.csv").open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
        assert set(rows[0]) == {"pseudonym", "code", "month"}
        assert {row["code"] for row in rows} == {"withheld"}  # fifteen people have it, and sixteen are asked for
        assert {row["diabetes"] for row in people_in(folder)} == {""}
        assert made.withheld == {"condition.code": len(rows), "person.diabetes": 40}
        assert json.loads((folder / "notice.json").read_text())["withheld"] == made.withheld
        with (folder / "dictionary.csv").open(encoding="utf-8", newline="") as lines:
            told = {(row["table"], row["column"]): row["withheld"] for row in csv.DictReader(lines)}
        assert told["condition", "code"] == "what fewer than 16 people have"
        assert told["condition", "month"] == ""
        rules.write_text(head + "2015-04-01,condition,code,value,,none,a\n")
        with pytest.raises(ProjectError, match=r"Line 2 of project_rare_values\.csv cannot be read"):
            projects().make("rare", "operator:it")
    finally:
        rules.unlink()
    assert projects().make("rare", "operator:it").withheld == {}


def test_the_key_of_one_project_opens_no_other_and_the_web_role_reads_none(as_app: None) -> None:
    from commonweal.apps.population.projects import keys

    with pytest.raises(DatabaseError, match="permission denied"), connection.cursor() as cursor:
        cursor.execute("SELECT sealed FROM population_project_key")
    with pytest.raises(DatabaseError, match="permission denied"), connection.cursor() as cursor:
        cursor.execute("SELECT pseudonym FROM population_list_pseudonym")
    with pytest.raises(DatabaseError):
        keys.key(1, 1)


def test_a_key_moved_to_another_project_opens_nothing() -> None:
    from commonweal.apps.population.projects import keys

    approved("moved")
    projects().make("moved", "operator:it")
    ident = {one.code: one.id for one in projects().projects()}
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE population_project_key SET sealed = "
            "(SELECT sealed FROM population_project_key WHERE project_id = %s AND period = 1) WHERE project_id = %s",
            [ident["diabetes"], ident["moved"]],
        )
    with pytest.raises(ProjectError, match="cannot be read"):
        keys.key(ident["moved"], 1)


def test_guessing_the_key_or_the_installations_own_secrets_make_no_pseudonym_of_an_extract() -> None:
    real = {row["pseudonym"] for row in people_in(extract_of("diabetes"))}
    people = people_of_lake()
    for guess in (b"\0" * 32, bytes.fromhex(settings.COMMONWEAL_PSEUDONYM_KEY), b"diabetes".ljust(32, b"\0")):
        assert not real & set(project_pseudonyms(guess, people).values())


def test_only_its_analysts_read_an_extract_and_only_while_it_lasts() -> None:
    from commonweal.apps.population.projects.extracts import readable

    assert readable(ANA, "diabetes", 1)[2] == extract_of("diabetes")
    for stranger, code, number in ((BEN, "diabetes", 1), (GP, "diabetes", 1), (ANA, "diabetes", 99), (ANA, "none", 1)):
        with pytest.raises(Refused):
            readable(stranger, code, number)
    approved("short", ends=date(2020, 11, 5))
    projects().make("short", "operator:it")
    TODAY[0] = datetime(2020, 11, 6, 9, tzinfo=UTC)
    try:
        with pytest.raises(Refused):
            readable(ANA, "short", 1)
        with pytest.raises(ProjectError, match="over today"):
            projects().make("short", "operator:it")
        with pytest.raises(Refused):
            marked(["A" * 26], code="short")
        assert projects().tidy() > 0
        assert not extract_of("short").exists()
        assert extract_of("diabetes").exists()
    finally:
        TODAY[0] = datetime(2020, 10, 31, 9, tzinfo=UTC)


def test_a_lawful_removal_withdraws_every_extract_made_before_it() -> None:
    from commonweal.apps.population.projects.extracts import readable

    approved("before")
    made = projects().make("before", "operator:it")
    folder = extract_of("before", made.number)
    with as_role("commonweal_owner"), connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE ready AS SELECT id FROM population_extract WHERE state = 'ready'")
        cursor.execute("INSERT INTO exchange_removal (reason, ground, asked_by, state, confirmed_by, targets, reached) "
                       "VALUES ('rectification', 'a test', 'a', 'erased', 'b', '{}', '{}')")  # fmt: skip
        cursor.execute("UPDATE exchange_removal SET state = 'done' WHERE ground = 'a test'")
        cursor.execute("SELECT count(*) FROM population_extract WHERE state = 'ready'")
        assert cursor.fetchone() == (0,)
        # the other tests' extracts stand again
        cursor.execute("UPDATE population_extract SET state = 'ready', why = '' WHERE id IN (SELECT id FROM ready) "
                       "AND project_id <> (SELECT id FROM population_project WHERE code = 'before')")  # fmt: skip
    with pytest.raises(Refused):
        readable(ANA, "before", made.number)
    projects().tidy()
    assert not folder.exists()


# -- lists -------------------------------------------------------------------------------------------------------------


def test_a_list_goes_from_pseudonyms_to_care_and_the_person_sees_it(as_app: None) -> None:
    from commonweal.apps.access import api as access
    from commonweal.apps.identity import api as identity

    wanted = [row["pseudonym"] for row in people_in(extract_of("diabetes")) if row["diabetes"] == "true"][:3]
    with as_batch():
        ident = taken_up(wanted)
    page = caring().care_page(GP, ident)
    assert len(page.people) == 3
    assert {one.name.split()[-1] for one in page.people} <= SURNAMES
    assert not any(one.doubtful for one in page.people)
    first = page.people[0]
    caring().note(GP, ident, first.person_id, Outcome.TAKEN_ON, "")
    with pytest.raises(ProjectError, match="what was done"):
        caring().note(GP, ident, first.person_id, Outcome.DONE, "")
    caring().note(GP, ident, first.person_id, Outcome.DONE, "seen on Tuesday, review booked")
    _refuses_who_is_not_on_it(ident, page)
    again = caring().care_page(GP, ident)
    assert again.people[-1].person_id == first.person_id  # those still to be dealt with stand first
    assert [one.outcome for one in again.people[-1].steps] == [Outcome.DONE, Outcome.TAKEN_ON]
    citizen = Actor("user:p", "P", Role.CITIZEN, "", person_id=first.person_id)
    with access.session(citizen, Purpose.OWN_RECORD, "who looked") as opened:
        scope = opened.open_person(first.person_id, identity.compartments_of(first.person_id))
        assert caring().OPENED in {look.action for look in access.looked(scope.compartments)}


def test_a_list_does_not_name_whose_name_is_withheld(as_app: None) -> None:
    wanted = [row["pseudonym"] for row in people_in(extract_of("diabetes")) if row["diabetes"] == "true"][:3]
    with as_batch():
        ident = taken_up(wanted)
    first = caring().care_page(GP, ident).people[0].person_id
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(compartment_id) FROM identity_membership WHERE person_id = %s", [first])
        compartment = cursor.fetchone()[0]
    with as_batch(), nameless(compartment, "P1"), as_role("commonweal_app"):
        people = caring().care_page(GP, ident).people
    named = {one.person_id: (one.name, one.birth_date, one.nhs_number) for one in people}
    assert named.pop(first) == ("Name withheld", None, "")
    assert {name.split()[-1] for name, _, _ in named.values()} <= SURNAMES


def _refuses_who_is_not_on_it(ident: int, page: Any) -> None:
    """What would be stored of nobody on the list is refused, though the list should be wrong about who is on it."""
    from commonweal.apps.identity import api as identity

    with as_batch():
        listed = {one.person_id for one in page.people}
        other = next(one for one in identity.probable_people().values() if one not in listed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(caring(), "_listed", lambda *_: [other])
        with pytest.raises(Refused):
            caring().note(GP, ident, other, Outcome.DONE, "seen on Tuesday, review booked")


def test_without_both_words_nobody_is_found(as_app: None) -> None:
    wanted = [row["pseudonym"] for row in people_in(extract_of("diabetes"))][:2]
    ident = marked(wanted)
    assert caring().care_page(GP, ident) is None  # nobody has allowed it
    with pytest.raises(ProjectError, match="no such list"):
        caring().take_up(GP, ident, "our diabetes nurse calls them")
    with as_batch(), pytest.raises(ProjectError, match="not allowed"):
        projects().resolve(ident)
    with pytest.raises(Refused):
        projects().decide_list(ANA, ident, ListStep.ALLOW, WHY)  # who marked it
    projects().decide_list(NADIA, ident, ListStep.ALLOW, WHY)
    with as_batch(), pytest.raises(ProjectError, match="not allowed and taken up"):
        projects().resolve(ident)
    assert caring().care_page(GP, ident).people == ()
    with connection.cursor() as cursor:  # nor by the function itself
        cursor.execute("SELECT count(*) FROM population_listed(%s, 'P1', %s)", [ident, TODAY[0]])
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT count(*) FROM population_list_person")
        assert cursor.fetchone() == (0,)  # row security: nobody is open


def test_another_organisation_finds_nobody_of_ours_even_when_it_takes_the_list_up(as_app: None) -> None:
    wanted = [row["pseudonym"] for row in people_in(extract_of("diabetes"))][:4]
    with as_batch():
        ident = taken_up(wanted)
    assert caring().care_page(STRANGER, ident).people == ()
    caring().take_up(STRANGER, ident, "our ward will look after them")
    page = caring().care_page(STRANGER, ident)
    assert (page.people, page.closed_to_me) == ((), 0)
    with transaction.atomic(), connection.cursor() as cursor:  # nor by the function itself, in another's name
        for acting in ("", STRANGER.organisation):
            cursor.execute("SELECT set_config('commonweal.acting', %s, true)", [acting])
            cursor.execute("SELECT count(*) FROM population_listed(%s, %s, %s)", [ident, GP.organisation, TODAY[0]])
            assert cursor.fetchone() == (0,)
    someone = caring().care_page(GP, ident).people[0].person_id
    with pytest.raises(Refused):
        caring().note(STRANGER, ident, someone, Outcome.DONE, "seen in our clinic")


@pytest.mark.parametrize("asker", [ANA, NADIA], ids=["the analyst", "the officer"])
def test_neither_who_marked_nor_who_allowed_a_list_opens_it(asker: Actor, as_app: None) -> None:
    with as_batch():
        ident = taken_up([row["pseudonym"] for row in people_in(extract_of("diabetes"))][:2])
    with pytest.raises(Refused):
        caring().care_page(asker, ident)
    with as_role("commonweal_batch"):
        told = last_audit()
    assert told == (asker.key, "open list of people found", f"list {ident}", "refused")


def test_whom_analysis_counted_together_is_shown_to_be_checked(as_app: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two people whom a probable link makes one pseudonym: both are found, each marked as doubtful."""
    from commonweal.apps.identity import api as identity

    with as_batch():
        links = identity.probable_people()
        first, second = sorted(links)[:2]
        monkeypatch.setattr(identity, "probable_people", lambda: links | {second: links[first]})
        counted = next(one for one, compartments in people_of_lake().items() if len(compartments) == 2)
        pseudonym = project_pseudonym(keys_of("diabetes"), counted)
        ident = taken_up([pseudonym])
    people = caring().care_page(GP, ident).people
    assert [one.doubtful for one in people] == [True, True]


def test_forged_pseudonyms_and_another_projects_are_refused_by_count(as_app: None) -> None:
    with as_batch():
        approved("other")
        projects().make("other", "operator:it")
    theirs = people_in(extract_of("other"))[0]["pseudonym"]
    ours = people_in(extract_of("diabetes"))[0]["pseudonym"]
    for wanted, strange in (([theirs], 1), (["A" * 26, ours], 1), (["'; DROP", "x" * 500, ours], 2)):
        with pytest.raises(ProjectError, match=f"^{strange} of {len(wanted)} are no pseudonyms of extract 1"):
            marked(wanted)
    with pytest.raises(ProjectError, match="at most 2,000"):
        marked([f"{n:026d}" for n in range(2001)])
    with pytest.raises(Refused):
        marked([ours], BEN)


def test_a_pseudonym_written_past_the_form_stands_for_nobody(as_app: None) -> None:
    """Put into the table behind the application's back, it stops the whole list, and no other list with it."""
    from commonweal.apps.population.projects import tasks

    ident = marked([people_in(extract_of("diabetes"))[0]["pseudonym"]])
    other = marked([people_in(extract_of("diabetes"))[1]["pseudonym"]])
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO population_list_pseudonym VALUES (%s, %s)", [ident, "B" * 26])
    for one in (ident, other):
        projects().decide_list(NADIA, one, ListStep.ALLOW, WHY)
        caring().take_up(GP, one, "our diabetes nurse calls them")
    with pytest.raises(DatabaseError, match="row-level security"), connection.cursor() as cursor:
        cursor.execute("INSERT INTO population_list_pseudonym VALUES (%s, %s)", [other, "B" * 26])
    with as_batch():
        with pytest.raises(ProjectError, match="holds 2 pseudonyms, and 1 were marked"):
            projects().resolve(ident)
        tasks._resolve_waiting()
        assert projects().waiting_to_be_resolved() == [ident]
    projects().decide_list(NADIA, ident, ListStep.CLOSE, "somebody wrote to it")
    assert len(caring().care_page(GP, other).people) == 1


def test_an_organisation_takes_up_for_itself_alone_and_sees_no_others_word(as_app: None) -> None:
    from commonweal.apps.population.projects import storing

    with as_batch():
        ident = taken_up([people_in(extract_of("diabetes"))[0]["pseudonym"]])
    for acting, seen in (("", 0), ("R1", 0), ("P1", 1)):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('commonweal.acting', %s, true)", [acting])
            assert len(storing.taken_up(ident)) == seen
            with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
                cursor.execute("INSERT INTO population_list_taken_up VALUES (%s, 'P2', 'x', 'X', now(), 'x')", [ident])


def test_an_ended_project_finds_nobody_any_more(as_app: None) -> None:
    with as_batch():
        approved("ending")
        projects().make("ending", "operator:it")
        ident = marked([people_in(extract_of("ending"))[0]["pseudonym"]], code="ending")
        other = marked([people_in(extract_of("ending"))[1]["pseudonym"]], code="ending")
    projects().decide_list(NADIA, ident, ListStep.ALLOW, WHY)
    caring().take_up(GP, ident, "our diabetes nurse calls them")
    projects().decide(NADIA, "ending", ProjectStep.END, "the question has been answered")
    with as_batch(), pytest.raises(ProjectError, match="is over"):
        projects().resolve(ident)
    with pytest.raises(ProjectError, match="over"):
        projects().decide_list(NADIA, other, ListStep.ALLOW, WHY)
    with as_batch():
        projects().tidy()
    assert not extract_of("ending").exists()


def keys_of(code: str) -> bytes:
    """The key of a project's first period."""
    from commonweal.apps.population.projects import keys

    return keys.key(next(one.id for one in projects().projects() if one.code == code), 1)


def people_of_lake() -> dict[int, list[int]]:
    from commonweal.apps.population.projects import extracts

    return extracts.people_of_lake()
