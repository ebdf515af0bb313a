"""The audit as FHIR AuditEvent: for the privacy officer alone, and looking at it is audited too."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from tests.integration.fhir_world import Ask, World, asking, make, outcome

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(scope="module")
def world(database: str) -> Iterator[World]:
    from commonweal.apps.access import api as access

    made = make()
    access.create_user("nadia", "a long password", access.Role.PRIVACY_OFFICER, "ICB", "Nadia")
    made.tokens["nadia"] = access.create_token("nadia", 1)
    ask = asking(made)
    assert ask("gp", "GET", "Condition?patient=vicky").status_code == 200
    assert ask("stranger", "GET", "Patient/vicky").status_code == 403
    access.seal()
    connection.close()
    connection.settings_dict["USER"] = "commonweal_app"
    yield made
    connection.close()
    connection.settings_dict["USER"] = "commonweal_batch"


@pytest.fixture
def ask(world: World) -> Ask:
    return asking(world)


def events(response: Any) -> list[dict[str, Any]]:
    assert response.status_code == 200
    return [entry["resource"] for entry in json.loads(response.content).get("entry", ())]


def test_who_looked_at_a_person_is_searched_and_each_event_is_valid_fhir(ask: Ask, world: World) -> None:
    from commonweal.fhir.validate import explain

    found = events(ask("nadia", "GET", "AuditEvent?patient=vicky"))
    assert [(one["agent"][0]["who"]["identifier"]["value"], one["outcome"], one["action"]) for one in found] == [
        ("user:stranger", "4", "R"),
        ("user:gp", "0", "R"),
    ]
    for one in found:
        assert explain(one) == []
        assert one["extension"][0]["valueInteger"] == 1  # the seal that holds it
        assert one["entity"][0]["what"] == {"reference": f"Patient/{world.vicky}"}
        assert events_of(ask, one["id"]) == one
    assert found[1]["purposeOfEvent"][0]["coding"][0]["code"] == "TREAT"
    assert found[1]["agent"][1]["who"]["identifier"]["value"] == "P01"


def events_of(ask: Ask, ident: str) -> Any:
    return json.loads(ask("nadia", "GET", f"AuditEvent/{ident}").content)


def test_agent_and_date_select_and_pages_neither_miss_nor_repeat(ask: Ask) -> None:
    assert {
        one["agent"][0]["who"]["identifier"]["value"] for one in events(ask("nadia", "GET", "AuditEvent?agent=gp"))
    } == {"user:gp"}
    assert events(ask("nadia", "GET", "AuditEvent?date=lt2000-01-01")) == []
    assert events(ask("nadia", "GET", "AuditEvent?date=ge2000-01-01&date=lt2000-01-02")) == []
    whole = events(ask("nadia", "GET", "AuditEvent?date=ge2000-01-01&agent=user:gp"))
    first = json.loads(ask("nadia", "GET", "AuditEvent?agent=gp&_count=1").content)
    seen, links = [first["entry"][0]["resource"]["id"]], {one["relation"]: one["url"] for one in first["link"]}
    while "next" in links:
        page = json.loads(ask("nadia", "GET", links["next"].partition("/fhir/R4/")[2]).content)
        seen += [entry["resource"]["id"] for entry in page["entry"]]
        links = {one["relation"]: one["url"] for one in page["link"]}
    assert seen == [one["id"] for one in whole]


def test_looking_at_the_audit_is_audited_with_whose_it_was_and_the_person_is_not_misled(ask: Ask, world: World) -> None:
    ask("nadia", "GET", "AuditEvent?patient=vicky")
    newest = events(ask("nadia", "GET", "AuditEvent?agent=nadia&_count=1"))[0]
    assert newest["subtype"][0]["code"] == "fhir.search"
    assert newest["entity"][0]["what"] == {"reference": f"Patient/{world.vicky}"}
    assert newest["entity"][1]["description"] == "AuditEvent?patient"
    # Nobody looked at the record, so the person's own list of who looked does not say so.
    assert "user:nadia" not in str(events(ask("nadia", "GET", "AuditEvent?patient=vicky")))


@pytest.mark.parametrize("who", ["gp", "stranger", "ana", "p01"])
def test_to_others_there_is_no_such_event(ask: Ask, world: World, who: str) -> None:
    ident = events(ask("nadia", "GET", "AuditEvent?agent=gp"))[0]["id"]
    assert ask(who, "GET", f"AuditEvent/{ident}").status_code == 404
    assert "user:gp" not in ask(who, "GET", "AuditEvent?patient=vicky").content.decode()
    assert ask("nadia", "GET", "AuditEvent/0").status_code == 404


def test_the_officer_under_another_purpose_reads_none_of_it_and_no_record(ask: Ask) -> None:
    refused = ask("nadia", "GET", "AuditEvent?patient=vicky", Commonweal_Purpose="direct_care")
    assert refused.status_code == 403
    assert ask("nadia", "GET", "Patient/vicky").status_code == 404


@pytest.mark.parametrize("query", ["date=yesterday", "date=ne2020", "_id=x", "_cursor=x", "patient=Group/1"])
def test_what_is_no_value_is_said(ask: Ask, query: str) -> None:
    status, ((severity, code, said, _),) = outcome(ask("nadia", "GET", f"AuditEvent?{query}"))
    assert (status, severity, code) == (400, "error", "invalid")
    assert said


def test_without_the_gates_word_the_database_answers_nothing(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM access_audited(NULL, NULL, NULL, NULL, NULL, NULL, 10)")
        assert cursor.fetchone()[0] == 0


def test_a_citizen_reads_who_looked_at_their_own_record_and_no_member_of_staff_is_named(ask: Ask, world: World) -> None:
    from commonweal.fhir.validate import explain

    found = events(ask("citizen", "GET", "AuditEvent"))
    looks = [(one["agent"][0]["role"][0]["text"], one["outcome"]) for one in found]
    assert ("clinician", "0") in looks
    assert ("clinician", "4") in looks
    assert "user:" not in json.dumps(found)
    assert not any("who" in one["agent"][0] for one in found)
    for one in found:
        assert explain(one) == []
        assert one["entity"] == [{"what": {"reference": f"Patient/{world.vicky}"}}]
    assert events(ask("citizen", "GET", "AuditEvent?date=lt2000-01-01")) == []
    first = json.loads(ask("citizen", "GET", "AuditEvent?_count=1").content)
    assert len(first["entry"]) == 1
    assert first["link"][1]["relation"] == "next"
    number = found[-1]["id"]
    assert json.loads(ask("citizen", "GET", f"AuditEvent/{number}").content) == found[-1]
    assert ask("citizen", "GET", "AuditEvent/999999999").status_code == 404


def test_a_citizen_is_told_when_there_are_older_looks_than_are_searched(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    from commonweal.apps.record.rest import own_audit

    assert "older ones" not in ask("citizen", "GET", "AuditEvent").content.decode()
    monkeypatch.setattr(own_audit, "_MOST", 1)
    said = json.loads(ask("citizen", "GET", "AuditEvent").content)["entry"]
    assert [one["search"]["mode"] for one in said] == ["match", "match", "outcome"]
    assert "older ones" in said[-1]["resource"]["issue"][0]["diagnostics"]


def test_a_citizen_reads_nobody_elses_audit_nor_a_look_for_safeguarding(ask: Ask, world: World) -> None:
    connection.close()
    connection.settings_dict["USER"] = "commonweal_batch"
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH one AS (INSERT INTO access_audit (actor, role, organisation, purpose, action, target, outcome, "
            "reason, request_id) VALUES ('user:sw', 'social_worker', 'C01', 'safeguarding', 'open record', '', "
            "'allowed', '', gen_random_uuid()) RETURNING id) INSERT INTO access_audit_subject "
            "SELECT id, %s, ARRAY[%s]::bigint[], 'allowed' FROM one RETURNING audit_id",
            [world.vicky, world.compartment],
        )
        number = cursor.fetchone()[0]
    connection.close()
    connection.settings_dict["USER"] = "commonweal_app"
    assert str(number) not in {one["id"] for one in events(ask("citizen", "GET", "AuditEvent"))}
    assert ask("citizen", "GET", f"AuditEvent/{number}").status_code == 404
    assert ask("citizen", "GET", "AuditEvent?patient=somebody-else").status_code in (200, 404)
    assert str(number) in {one["id"] for one in events(ask("nadia", "GET", "AuditEvent?patient=vicky"))}
