"""What the standard says of statuses, headers, links and counts, where a client would otherwise be misled."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection

from tests.integration.fhir_world import Ask, World, asking, make, outcome, patient, weight

pytestmark = pytest.mark.usefixtures("database")
SYSTEM = "urn:standard"


@pytest.fixture(scope="module")
def world(database: str) -> World:
    return make()


@contextmanager
def as_app() -> Iterator[None]:
    connection.close()
    connection.settings_dict["USER"] = "commonweal_app"
    yield
    connection.close()
    connection.settings_dict["USER"] = "commonweal_batch"


@pytest.fixture(scope="module")
def held(world: World) -> dict[str, str]:
    """A person of R01 with three weights, by what they are called here."""
    with as_app():
        return sent(asking(world))


@pytest.fixture
def ask(world: World) -> Iterator[Ask]:
    with as_app():
        yield asking(world)


def sent(ask: Ask) -> dict[str, str]:
    profiled = {
        "meta": {"profile": ["http://example.org/profile|1.0"]},
        "identifier": [{"system": SYSTEM, "value": "p"}],
    }
    found = {"person": ask("r01", "POST", "Patient", patient(**profiled)).json()["id"]}
    for name, when in (("a", "2020-03-01T09:00:20Z"), ("b", "2020-03-01T09:01:00Z"), ("c", "2020-07-01T08:00:00Z")):
        found[name] = ask("r01", "POST", "Observation", weight(found["person"], effectiveDateTime=when)).json()["id"]
    return found


def ids(response: Any) -> list[str]:
    said = response.json()
    assert response.status_code == 200, said
    return sorted(one["resource"]["id"] for one in said.get("entry", []))


def test_a_search_that_finds_nothing_says_nought_and_a_count_alone_counts_all(ask: Ask, held: dict[str, str]) -> None:
    for none in ("code=nothing", "code=nothing&status=final", "patient=" + held["person"] + "&code=nothing"):
        assert ask("r01", "GET", f"Observation?{none}").json()["total"] == 0
    person = f"Observation?patient={held['person']}"
    for how in ("_count=0", "_summary=count", "_count=0&_sort=date"):
        counted = ask("r01", "GET", f"{person}&{how}").json()
        assert (counted["total"], counted.get("entry"), [one["relation"] for one in counted["link"]]) == (
            3,
            None,
            ["self"],
        )


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("2020-03-01T09:00Z", ["a"]),
        ("2020-03-01T09:00", ["a"]),
        ("gt2020-03-01T09:00Z", ["b", "c"]),
        ("2020-07-01T09:00", ["c"]),
        ("2020-07-01T09:00:00", ["c"]),
        ("2020-07-01T08:00:00+00:00", ["c"]),
    ],
)
def test_a_time_may_leave_out_seconds_and_zone(ask: Ask, held: dict[str, str], when: str, expected: list[str]) -> None:
    found = ids(ask("r01", "GET", f"Observation?patient={held['person']}&date={when}"))
    assert found == sorted(held[name] for name in expected)


def test_an_address_with_a_version_is_found_whole(ask: Ask, held: dict[str, str]) -> None:
    assert ids(ask("r01", "GET", "Patient?_profile=http://example.org/profile|1.0")) == [held["person"]]
    assert ids(ask("r01", "GET", "Patient?_profile=http://example.org/profile|1")) == []


def test_the_history_of_a_resource_pages_by_its_links(ask: Ask, held: dict[str, str]) -> None:
    ident = ask("r01", "POST", "Patient", patient()).json()["id"]
    for gender in ("female", "male", "other", "unknown"):
        assert ask("r01", "PUT", f"Patient/{ident}", patient(id=ident, gender=gender)).status_code == 200
    path, seen, totals = f"Patient/{ident}/_history?_count=2", [], []
    while path:
        page = ask("r01", "GET", path).json()
        seen += [one["response"]["etag"] for one in page["entry"]]
        totals.append(page["total"])
        links = {one["relation"]: one["url"] for one in page["link"]}
        path = links.get("next", "").partition("/fhir/R4/")[2]
    assert seen == [f'W/"{n}"' for n in (5, 4, 3, 2, 1)]
    assert totals == [5, 5, 5]
    counted = ask("r01", "GET", f"Patient/{ident}/_history?_count=0").json()
    assert (counted["total"], counted.get("entry")) == (5, None)


def test_what_a_history_does_not_know_is_refused(ask: Ask, held: dict[str, str]) -> None:
    for path in (f"Patient/{held['person']}/_history?_at=2020", "Patient/_history?bogus=1", "_history?_sort=_id"):
        status, issues = outcome(ask("r01", "GET", path))
        assert (status, issues[0][1]) == (400, "invalid")
        assert "is not a parameter of a history" in issues[0][2]
    for path in ("Nonsense/_history", "Nonsense?x=1", "Nonsense/1"):
        assert outcome(ask("r01", "GET", path))[0] == 404


def test_what_the_client_has_of_a_version_is_not_sent_again(ask: Ask, held: dict[str, str]) -> None:
    for path in (f"Patient/{held['person']}", f"Patient/{held['person']}/_history/1"):
        whole = ask("r01", "GET", path)
        again = ask("r01", "GET", path, If_None_Match=whole["ETag"])
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", whole["ETag"])
        assert "Content-Type" not in again
        assert ask("r01", "GET", path, If_None_Match='W/"9"').content == whole.content


def test_a_transaction_says_which_entry_it_fails_for(ask: Ask, held: dict[str, str]) -> None:
    def entry(method: str, url: str, resource: Any = None, **more: str) -> dict[str, Any]:
        return {"request": {"method": method, "url": url, **more}} | ({"resource": resource} if resource else {})

    new = entry("POST", "Patient", patient())
    known = patient(id=held["person"], gender="female")
    for failing, status in (
        (entry("PUT", f"Patient/{held['person']}", known, ifMatch='W/"7"'), 412),
        (entry("DELETE", "Observation/never-was"), 404),
        (entry("POST", "Patient", patient(), ifNoneExist="bogus=1"), 400),
        (entry("DELETE", "Patient?birthdate=rubbish"), 400),
        (entry("POST", "Observation", json.loads(weight("vicky"))), 422),
    ):
        answer = ask("r01", "POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": [new, failing, new]})
        found, issues = outcome(answer)
        assert (found, [issue[3] for issue in issues]) == (status, [["Bundle.entry[1]"]])


def test_a_body_that_would_be_passed_over_is_refused(ask: Ask, held: dict[str, str]) -> None:
    assert outcome(ask("r01", "POST", "Observation/_search", {"code": "nothing"}))[0] == 415
    form = "application/x-www-form-urlencoded"
    assert ask("r01", "POST", "Observation/_search", "code=nothing", form).json()["total"] == 0
    assert outcome(ask("r01", "POST", "Patient", patient(), If_None_Exist=""))[0] == 400


def test_everything_may_be_asked_by_post(ask: Ask) -> None:
    address = "Patient/vicky/$everything"
    made = [ask("p01", "POST", "Observation", weight("vicky")).json()["id"] for _ in range(3)]
    said = [{"name": "_type", "valueCode": "Observation"}, {"name": "_count", "valueInteger": 2}]
    page = ask("p01", "POST", address, {"resourceType": "Parameters", "parameter": said}).json()
    assert page == ask("p01", "GET", f"{address}?_type=Observation&_count=2").json()
    assert len(page["entry"]) == 2
    both = [{"name": "_type", "valueCode": kind} for kind in ("Observation", "Patient")]
    whole = ids(ask("p01", "POST", address, {"resourceType": "Parameters", "parameter": both}))
    assert whole == sorted([*made, "vicky"]) == ids(ask("p01", "POST", address))
    for wrong in ({"resourceType": "Patient"}, {"resourceType": "Parameters", "parameter": [{"name": "_count"}]}):
        assert outcome(ask("p01", "POST", address, wrong))[0] == 400
    assert outcome(ask(None, "POST", address, {"resourceType": "Parameters"}))[0] == 401


def test_a_read_gives_the_elements_that_are_asked(ask: Ask, held: dict[str, str]) -> None:
    for path in (f"Observation/{held['a']}", f"Observation/{held['a']}/_history/1"):
        whole = ask("r01", "GET", path)
        some = ask("r01", "GET", f"{path}?_elements=subject&_format=json")
        assert set(some.json()) == {"resourceType", "id", "meta", "status", "code", "subject"}
        assert some.json()["meta"]["tag"][0]["code"] == "SUBSETTED"
        assert (some["ETag"], some["Last-Modified"]) == (whole["ETag"], whole["Last-Modified"])
        assert "SUBSETTED" in ask("r01", "GET", f"{path}?_summary=true").content.decode()
        assert ask("r01", "GET", f"{path}?other=1").content == whole.content
        for wrong in ("_elements=nonsense", "_summary=most"):
            assert outcome(ask("r01", "GET", f"{path}?{wrong}"))[0] == 400
        assert outcome(ask("r01", "GET", f"{path}?other=1", Prefer="handling=strict"))[0] == 400
