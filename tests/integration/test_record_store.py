"""The store on a real database: the second lock, immutability, search, history, the version log, the page."""

import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import Error, connection, transaction

from tests.integration.withholding import withhold
from tests.landing_files import ODS, SNOMED, coded, empty, entry, patient

VICKY, OTHER = UUID(int=1), UUID(int=2)
ALLERGY_STATUS = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"


def rows(statement: str, *values: object) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(values))
        return cursor.fetchall()


def parsed(resource: dict[str, Any], person: str | None, category: str, line: int = 1) -> Any:
    from commonweal.feeds.types import Parsed

    body = json.dumps(resource).encode()
    return Parsed(line, resource["resourceType"], resource["id"], person, body, resource, category)


def allergy(ident: str, code: str, display: str) -> dict[str, Any]:
    return {
        "resourceType": "AllergyIntolerance",
        "id": ident,
        "clinicalStatus": coded(ALLERGY_STATUS, "active"),
        "code": coded(SNOMED, code, display),
        "patient": {"reference": "Patient/gp-vicky"},
        "recordedDate": "2018-05",
    }


def episode(ident: str, person: str, trust: str, team: str) -> dict[str, Any]:
    return {
        "resourceType": "EpisodeOfCare",
        "id": ident,
        "status": "active",
        "type": [{"text": "Community mental health"}],
        "patient": {"reference": f"Patient/{person}"},
        "managingOrganization": {"identifier": {"system": ODS, "value": trust}},
        "period": {"start": "2020-02-03"},
        "careManager": {"display": team},
    }


def observed(ident: str, when: str) -> dict[str, Any]:
    return entry(ident, "gp-vicky", "d", 3) | {"effectiveDateTime": when}


@pytest.fixture
def stored(database: str) -> dict[str, int]:
    """Vicky in a practice and a mental-health trust, somebody else in the practice; compartments by local id."""
    from django.conf import settings

    from commonweal.apps.record import api

    empty()
    doctor = {"resourceType": "Practitioner", "id": "d", "name": [{"family": "Shah", "given": ["Asha"]}]}
    gp = [parsed(doctor, None, "demographics")]
    for person in ("gp-vicky", "gp-other"):
        gp.append(parsed(patient(person, "P01"), person, "demographics"))
        gp += [parsed(entry(f"{person}-{i}", person, "d", i), person, "clinical") for i in (0, 1)]
        gp.append(parsed(entry(f"{person}-2", person, "d", 2), person, "medication"))
    for n, when in enumerate(("2019", "2019-06", "2019-06-15", "2019-06-15T12:00:00Z", "2020-01-01")):
        gp.append(parsed(observed(f"o{n}", when), "gp-vicky", "clinical"))
    api.write("P01", "gp", gp)
    mh = [parsed(patient("mh-vicky", "P01"), "mh-vicky", "demographics")]
    mh.append(parsed(episode("e1", "mh-vicky", "T01", "Crisis team"), "mh-vicky", "mental_health"))
    api.write("T01", "mh", mh)
    now = settings.COMMONWEAL_NOW()
    api.heard_from("P01", "gp", now - timedelta(hours=3))
    api.heard_from("T01", "mh", now - timedelta(days=90))
    return {row[0]: row[1] for row in rows("SELECT local_id, id FROM record_compartment")}


@contextmanager
def opened(organisation: str, compartments: dict[int, str], role: str = "clinician") -> Iterator[Any]:
    """A scope of Vicky for somebody at ``organisation``, as the web role opens it."""
    from commonweal.apps.access import api as access

    actor = access.Actor("user:test", "Test", access.Role(role), organisation, "", None)
    with access.session(actor, access.Purpose.DIRECT_CARE, "record.test") as session:
        yield session.open_person(VICKY, compartments)


@pytest.fixture
def vicky(stored: dict[str, int]) -> dict[int, str]:
    return {stored["gp-vicky"]: "P01", stored["mh-vicky"]: "T01"}


def test_without_a_context_the_application_sees_nobody(stored: dict[str, int], as_app: None) -> None:
    for table in ("record_resource", "record_token", "record_date", "record_string", "record_history"):
        assert rows("SELECT count(*) FROM " + table + " WHERE compartment_id IS NOT NULL") == [(0,)], table
    assert rows("SELECT count(*) FROM record_compartment") == [(0,)]
    assert rows("SELECT type FROM record_resource") == [("Practitioner",)]  # about nobody: no person to protect


@pytest.mark.parametrize("setting", ["", "0", "-1"])
def test_an_empty_context_shows_nobody_and_raises_nothing(stored: dict[str, int], as_app: None, setting: str) -> None:
    with transaction.atomic():
        rows("SELECT set_config('commonweal.compartments', %s, true)", setting)
        rows("SELECT set_config('commonweal.categories', 'clinical', true)")
        assert rows("SELECT count(*) FROM record_token WHERE compartment_id IS NOT NULL") == [(0,)]
        assert rows("SELECT count(*) FROM record_resource WHERE compartment_id IS NOT NULL") == [(0,)]


def test_the_context_opens_its_compartments_and_categories_only(stored: dict[str, int], as_app: None) -> None:
    with transaction.atomic():
        rows("SELECT set_config('commonweal.compartments', %s, true)", str(stored["gp-vicky"]))
        rows("SELECT set_config('commonweal.categories', 'clinical,demographics', true)")
        seen = rows("SELECT DISTINCT compartment_id, category FROM record_resource WHERE compartment_id IS NOT NULL")
        assert set(seen) == {(stored["gp-vicky"], "clinical"), (stored["gp-vicky"], "demographics")}
    assert rows("SELECT count(*) FROM record_resource WHERE compartment_id IS NOT NULL") == [(0,)]


def test_the_application_role_cannot_write(stored: dict[str, int], as_app: None) -> None:
    for statement in ("DELETE FROM record_resource", "UPDATE record_token SET code = 'x'"):
        with pytest.raises(Error, match="permission denied"), transaction.atomic():
            rows(statement)


@pytest.mark.parametrize("kind", ["Patient", "Condition", "Bundle", "Binary"])
def test_the_store_refuses_what_is_of_a_person_and_names_none(stored: dict[str, int], kind: str) -> None:
    add = (
        "INSERT INTO record_resource (source_id, type, id, category, digest, body) "
        "SELECT id, %s, 'of-nobody', 'clinical', '', '{}' FROM record_source LIMIT 1"
    )
    with pytest.raises(Error, match="about_nobody"), transaction.atomic():
        rows(add, kind)


def test_the_store_lets_in_every_type_that_is_about_nobody(database: str) -> None:
    from commonweal.fhir.compartment import is_of_nobody
    from commonweal.fhir.definitions import resource_types

    allowed = rows("SELECT k FROM unnest(%s::text[]) AS k WHERE record_may_be_about_nobody(k)", list(resource_types()))
    assert {kind for (kind,) in allowed} == {kind for kind in resource_types() if is_of_nobody({"resourceType": kind})}


def test_what_must_not_change_cannot_be_changed_by_the_batch_role_either(stored: dict[str, int]) -> None:
    for statement in (
        "UPDATE record_compartment SET local_id = 'other'",
        "DELETE FROM record_compartment",
        "UPDATE record_history SET body = ''",
        "DELETE FROM record_history",
        "DELETE FROM record_resource",
        "TRUNCATE record_history",
    ):
        with pytest.raises(Error, match="permission denied"), transaction.atomic():
            rows(statement)


def test_a_search_under_row_security_uses_the_index(
    stored: dict[str, int], vicky: dict[int, str], as_app: None
) -> None:
    from django.conf import settings

    from commonweal.apps.record import searching

    with opened("P01", vicky) as scope, transaction.atomic():
        rows("SELECT set_config('enable_seqscan', 'off', true)")
        for kind, params, table in (
            ("Condition", {"code": f"{SNOMED}|44054006"}, "record_token"),
            ("Observation", {"date": "2019-06"}, "record_date"),
            ("Patient", {"family": "ash"}, "record_string"),
        ):
            request = searching.parse(kind, params.items())
            compiled = searching.compiled(request, searching.of_person(scope), settings.COMMONWEAL_NOW())
            query = searching.statement(compiled, 20)
            text = "\n".join(row[0] for row in rows("EXPLAIN " + query.text, *query.values))
            assert "Seq Scan" not in text, text
            # Which of its indexes serves best depends on statistics that come when they come; that the search's own
            # conditions reach into one does not.
            lines = text.splitlines()
            at = [n for n, line in enumerate(lines) if f"{table}_" in line]
            assert at, text
            condition = next((line for line in lines[at[0] :] if "Index Cond" in line), "")
            assert any(name in condition for name in ("parameter", "compartment_id", "rid")), text


def test_every_operator_a_search_uses_is_leakproof(database: str) -> None:
    used = [("=", "int8"), ("=", "text"), (">=", "text"), ("<", "text"), ("=", "timestamptz")]
    used += [(operator, "timestamptz") for operator in ("<", "<=", ">", ">=")]
    for operator, kind in used:
        found = rows(
            "SELECT p.proleakproof FROM pg_operator o JOIN pg_proc p ON p.oid = o.oprcode "
            "WHERE o.oprname = %s AND o.oprleft = %s::regtype AND o.oprright = %s::regtype",
            operator, kind, kind,
        )  # fmt: skip
        assert found == [(True,)], (operator, kind)


DATES = {  # which of 2019, 2019-06, 2019-06-15, 2019-06-15T12:00Z, 2020-01-01 each search finds
    "2019": [0, 1, 2, 3],
    "2019-06": [1, 2, 3],
    "2019-06-15": [2, 3],
    "ne2019": [4],
    "gt2019-06-15": [0, 1, 4],
    "lt2019-06-15": [0, 1],
    "ge2019-06-15": [0, 1, 2, 3, 4],
    "le2019-06-15": [0, 1, 2, 3],
    "sa2019-06-15": [4],
    "eb2020": [0, 1, 2, 3],
    "2019-06-15T12:00:00Z": [3],
    "2018,2020": [4],
}


@pytest.mark.parametrize(("value", "expected"), DATES.items())
def test_dates_are_searched_with_their_precision(
    vicky: dict[int, str], as_app: None, value: str, expected: list[int]
) -> None:
    from commonweal.apps.record import api

    with opened("P01", vicky) as scope:
        assert [item.id for item in api.search(scope, "Observation", {"date": value})] == [f"o{n}" for n in expected]


def test_searches_by_token_name_id_and_order(vicky: dict[int, str], as_app: None) -> None:
    from commonweal.apps.record import api

    with opened("P01", vicky) as scope:

        def ids(kind: str, **params: str) -> list[str]:
            return [item.id for item in api.search(scope, kind, params)]

        assert ids("Condition", code="44054006") == ids("Condition", code=f"{SNOMED}|44054006") == ["gp-vicky-0"]
        assert ids("Condition", code=f"{SNOMED}|") == ["gp-vicky-0"]
        assert ids("Condition", code="|44054006") == ids("Condition", code="1,2") == []
        assert ids("Patient", name="ÁSH") == ids("Patient", family="ashworth") == ["gp-vicky", "mh-vicky"]
        assert ids("Patient", given="bob") == []
        assert ids("Patient", birthdate="1950-03-01", gender="female") == ["gp-vicky", "mh-vicky"]
        assert ids("Observation", _id="o1,o3,nothing") == ["o1", "o3"]
        assert ids("Observation", _sort="-date", _count="2") == ["o4", "o3"]
        assert ids("Observation", patient="Patient/gp-vicky", date="2020") == ["o4"]
        assert ids("Observation", patient="mh-vicky", date="2020") == ["o4"]  # either id names the same person
        assert ids("Observation", patient="gp-other") == []
        assert ids("Observation", _lastUpdated="lt2000") == []
        assert [item.id for item in api.search_shared("Practitioner", {"name": "shah"})] == ["d"]
        assert api.search_shared("Patient", {"name": "ash"}).matches == []
        for params in ({"nonsense": "1"}, {"date": "xx2019"}, {"date": "soon"}, {"_sort": "x"}, {"encounter:x": "e"}):
            with pytest.raises(api.BadSearch):
                api.search(scope, "Observation", params)


def test_a_read_needs_the_compartment_and_the_category(vicky: dict[int, str], as_app: None) -> None:
    from commonweal.apps.record import api

    with opened("P01", vicky) as scope:
        found = api.read(scope, "Condition", "gp-vicky-0")
        assert found is not None
        assert json.loads(found.body) == entry("gp-vicky-0", "gp-vicky", "d", 0)
        assert (found.source, found.version) == ("P01", 1)
        assert api.read(scope, "Condition", "gp-other-0") is None
        assert api.read(scope, "Practitioner", "d") is not None
        assert {item.id for item in api.everything(scope, types=["Patient"])} == {"gp-vicky", "mh-vicky"}


def test_history_keeps_every_version_and_a_withdrawal_leaves_a_tombstone(stored: dict[str, int], vicky: Any) -> None:
    from commonweal.apps.record import api

    first = entry("gp-vicky-0", "gp-vicky", "d", 0)
    second = first | {"onsetDateTime": "2001-02-03"}
    api.write("P01", "gp", [parsed(second, "gp-vicky", "clinical")])
    with opened("P01", vicky) as scope:
        assert [(item.version, json.loads(item.body)) for item in api.history(scope, "Condition", "gp-vicky-0")] == [
            (2, second),
            (1, first),
        ]
    assert api.withdraw("T01", [("Condition", "gp-vicky-0")]) == 0  # only its source may
    assert api.withdraw("P01", [("Condition", "gp-vicky-0")]) == 1
    assert rows("SELECT count(*) FROM record_token t JOIN record_resource r USING (rid) WHERE r.id = 'gp-vicky-0'") == [
        (0,)
    ]
    with opened("P01", vicky) as scope:
        assert api.read(scope, "Condition", "gp-vicky-0") is None
        versions = [(item.version, item.deleted) for item in api.history(scope, "Condition", "gp-vicky-0")]
        assert versions == [(3, True), (2, False), (1, False)]
    api.write("P01", "gp", [parsed(second, "gp-vicky", "clinical")])  # sent again, it lives again
    assert rows("SELECT version, deleted FROM record_resource WHERE id = 'gp-vicky-0'") == [(4, False)]


def test_a_resource_cannot_move_to_another_person(stored: dict[str, int]) -> None:
    from commonweal.apps.record import api

    moved = entry("gp-vicky-0", "gp-other", "d", 0)
    counts = api.write("P01", "gp", [parsed(moved, "gp-other", "clinical", line=7)])
    assert [(item.line, item.rule) for item in counts.refused] == [(7, "person-changed")]
    assert rows("SELECT compartment_id FROM record_resource WHERE id = 'gp-vicky-0'") == [(stored["gp-vicky"],)]


def test_the_version_log_tells_each_change_once_and_never_loses_a_slow_one(stored: dict[str, int]) -> None:
    import psycopg

    from commonweal.apps.record import api

    def told(since: int | None) -> tuple[int, list[list[str]]]:
        out = io.BytesIO()
        mark = api.changes(since, out)
        return mark, list(csv.reader(io.StringIO(out.getvalue().decode(), newline="")))

    mark, everything = told(None)
    assert len(everything) == api.counts().resources
    assert told(mark)[1] == []
    default = connection.settings_dict
    with psycopg.connect(
        host=default["HOST"], port=default["PORT"] or None, dbname=default["NAME"], user="postgres"
    ) as slow:
        slow.execute("UPDATE record_resource SET xid = pg_current_xact_id() WHERE id = 'o1'")
        api.write("P01", "gp", [parsed(observed("o2", "2011"), "gp-vicky", "clinical")])
        later, changed = told(mark)  # the slow transaction is older and still open: nothing above it yet
        assert changed == []
        slow.commit()
    _, changed = told(later)
    assert sorted(json.loads(row[4])["id"] for row in changed) == ["o1", "o2"]
    api.withdraw("P01", [("Observation", "o3")])
    deleted = [row for row in told(None)[1] if row[3] == "t"]
    assert [json.loads(row[4])["id"] for row in deleted] == ["o3"]


def test_what_goes_wrong_with_what_is_told_again_is_djangos_error(stored: dict[str, int]) -> None:
    from django.db import DataError

    from commonweal.apps.record import api

    with pytest.raises(DataError):
        api.changes(api.changes(None, io.BytesIO()), io.BytesIO(), [10**30])  # no compartment has such a number


def test_the_page_joins_up_what_every_source_holds(vicky: dict[int, str], as_app: None) -> None:
    from commonweal.apps.record import api

    with opened("P01", vicky) as scope:
        page = api.person_page(scope)
    assert (page.banner.name, page.banner.birth_date) == ("Ms Vicky Ashworth", date(1950, 3, 1))
    assert page.banner.nhs_number == "9990000000"
    assert page.banner.address == "1 High Street, Town, ZZ1 1ZZ"
    assert [(item.organisation, item.team, item.role) for item in page.details.involved] == [
        ("P01", "", "General practice"),
        ("T01", "Crisis team", "Mental health"),
    ]
    assert [(item.text, item.when_text) for item in page.details.problems.entries] == [
        ("Type 2 diabetes mellitus", "1 January 2019")
    ]
    assert [(item.text, item.detail) for item in page.details.medicines.entries] == [("Metformin", "one a day")]
    assert [(item.what, item.who, item.source) for item in page.details.timeline] == [
        ("Care began: Community mental health", "Crisis team", "T01"),
        ("Appointment", "Asha Shah", "P01"),
    ]
    assert [(item.detail, item.when_text) for item in page.details.observations.entries] == [
        ("72.5 kg", "1 January 2020")
    ]
    assert len(page.details.observations.entries[0].also) == 4
    assert [(item.source, item.overdue, item.entries) for item in page.details.sources] == [
        ("P01", False, 9),
        ("T01", True, 2),
    ]


def said(page: Any) -> list[str]:
    return [str(message.absence) for message in page.allergies.messages]


def test_no_allergy_is_one_of_five_different_things(stored: dict[str, int], vicky: dict[int, str]) -> None:
    from commonweal.apps.access import api as access
    from commonweal.apps.record import api

    practice = {stored["gp-vicky"]: "P01"}
    with opened("P01", practice) as scope:
        assert said(api.person_page(scope)) == ["not recorded"]
    with opened("P01", vicky) as scope:  # with the trust's record, which is overdue and sends no allergies
        page = api.person_page(scope)
        assert said(page) == ["source not heard from", "not shared"]
        assert "not heard from since" in page.notices[0].text
    api.write("P01", "gp", [parsed(allergy("a0", "716186003", "No known allergy"), "gp-vicky", "clinical")])
    with opened("P01", practice) as scope:
        page = api.person_page(scope)
        assert said(page) == ["none known"]
        assert page.allergies.entries == ()
    withhold(stored["mh-vicky"], access.RestrictionReason.OBJECTION, "T01")
    with opened("P01", vicky) as scope:
        page = api.person_page(scope)
        assert said(page) == ["withheld", "none known"]
        assert page.allergies.messages[0].text.endswith("In an emergency, give a reason to see it.")
        assert [(item.source, item.withheld) for item in page.details.sources] == [("P01", False), ("T01", True)]
    api.write("P01", "gp", [parsed(allergy("a1", "294505008", "Amoxicillin allergy"), "gp-vicky", "clinical")])
    with opened("P01", practice) as scope:
        page = api.person_page(scope)
        assert said(page) == []
        assert [(item.text, item.when_text) for item in page.allergies.entries] == [("Amoxicillin allergy", "May 2018")]


def test_relationships_follow_from_what_is_stored(stored: dict[str, int]) -> None:
    found = rows("SELECT organisation, kind, ends_at IS NULL FROM access_relationship ORDER BY 1, 2, compartment_id")
    assert found == [("P01", "registered", True), ("P01", "registered", True), ("T01", "under_care", True)]
    finished = episode("e1", "mh-vicky", "T01", "Crisis team")
    finished |= {"status": "finished", "period": {"start": "2020-02-03", "end": "2020-03-01"}}
    from commonweal.apps.record import api

    api.write("T01", "mh", [parsed(finished, "mh-vicky", "mental_health")])
    ((ends,),) = rows("SELECT ends_at FROM access_relationship WHERE organisation = 'T01'")
    assert isinstance(ends, datetime)
    assert ends.date() in (date(2020, 5, 30), date(2020, 5, 31))  # 90 days on, to the end of the day
