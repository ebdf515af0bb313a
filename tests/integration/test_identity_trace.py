"""Tracing with PDS: a simulator in a process of its own, and what its answers do to links and to what is shown."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from commonweal.fhir.demographics import Demographics

pytestmark = [
    pytest.mark.usefixtures("database", "tables"),
    pytest.mark.enable_socket,
    pytest.mark.allow_hosts(["127.0.0.1"]),
]

OLD, NEW, RESTRICTED, WITHDRAWN, TWIN = "9990000018", "9990000026", "9990000034", "9990000042", "9990000050"
SAID = Demographics(
    nhs_number="",
    nhs_number_status="03",
    family="Okafor",
    given=("Grace",),
    birth_date=date(1950, 2, 11),
    death_date=None,
    gender="female",
    ethnicity="A",
    postcode="NG1 1AA",
    address_line="1 High Street",
    phone="0115 496 0000",
    practice="Y00001",
)


def person(number: str, family: str, given: str, born: str, gender: str = "female", **more: Any) -> dict[str, Any]:
    """A made-up Patient as the simulator reads one."""
    identifier = [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": number}]
    identifier += [
        {"system": "https://fhir.nhs.uk/Id/nhs-number", "use": "old", "value": v} for v in more.pop("old", ())
    ]
    name = [{"use": "usual", "family": family, "given": [given]}]
    shape = {"resourceType": "Patient", "identifier": identifier, "name": name, "birthDate": born, "gender": gender}
    return {**shape, "address": [{"use": "home", "line": ["1 High Street"], "postalCode": "NG1 1AA"}], **more}


PEOPLE = [
    person(NEW, "Okafor", "Grace", "1950-02-11", old=[OLD]),
    person(RESTRICTED, "Quill", "Hannah", "1984-06-01", meta={"security": [{"code": "R"}]}),
    person(WITHDRAWN, "Pemberton", "Robin", "1990-03-03", active=False),
    person(TWIN, "Pemberton", "Robin", "1990-03-03"),
    person("9990000069", "Marsh", "Amy", "2001-01-31"),
    person("9990000077", "Marsh", "Amy", "2001-01-31"),
]


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of ``commonweal pds simulator`` over PEOPLE, in a process of its own."""
    path = tmp_path_factory.mktemp("pds") / "people.ndjson"
    path.write_text("\n".join(map(json.dumps, PEOPLE)))
    command = [sys.executable, "-m", "commonweal.cli.main", "pds", "simulator", str(path), "--port", "0"]
    with subprocess.Popen(
        [*command, "--token", "made-up"], stderr=subprocess.PIPE, text=True, env={**os.environ, "NO_COLOR": "1"}
    ) as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        assert "http://127.0.0.1:" in said, said
        yield "http://127.0.0.1:" + said.strip().rpartition(":")[2]
        process.terminate()


@pytest.fixture
def tables(database: str) -> Iterator[None]:
    from django.db import connection

    yield
    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE identity_demographics, identity_membership, identity_person, identity_event, identity_trace,"
            " identity_local_merge, identity_probable, identity_review"
        )
        cursor.execute("DELETE FROM identity_pair; DELETE FROM identity_run; DELETE FROM identity_changed")


@pytest.fixture
def on(simulator: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tracing switched on, without the wait between requests."""
    from commonweal.apps.identity import tracing

    settings.COMMONWEAL_PDS_URL, settings.COMMONWEAL_PDS_TOKEN = simulator, "made-up"
    monkeypatch.setattr(tracing, "rules", lambda _day: tracing.Rules(10_000, 10, 0.95))


@pytest.fixture
def settings() -> Iterator[Any]:
    """Django's settings, put back afterwards."""
    from django.conf import settings as found

    before = found.COMMONWEAL_PDS_URL, found.COMMONWEAL_PDS_TOKEN
    yield found
    found.COMMONWEAL_PDS_URL, found.COMMONWEAL_PDS_TOKEN = before


def land(*rows: tuple[int, str, str, Demographics]) -> None:
    from commonweal.apps.identity import api

    api.upsert_demographics(rows)


def trace(limit: int = 100, everybody: bool = False) -> dict[str, int]:
    from commonweal.apps.identity import api

    return api.trace(limit, everybody=everybody)


def identify(changed: bool = False) -> dict[str, Any]:
    from commonweal.apps.identity import api

    return api.identify(changed=changed)


def bases(*records: int) -> list[str]:
    from commonweal.apps.identity import api

    found = api.basis_of(records)
    return [found[record] for record in records]


def people(*records: int) -> int:
    from commonweal.apps.identity import api

    return len(set(api.people_of(records).values()))


def test_it_is_off_until_an_installation_says_where_pds_is() -> None:
    from commonweal.apps.identity import api

    with pytest.raises(api.TraceOff, match="COMMONWEAL_PDS_URL"):
        trace()


@pytest.mark.usefixtures("on")
def test_a_single_confident_answer_is_a_verified_link_that_says_what_it_rests_on() -> None:
    from django.db import connection

    land((1, "Y00001", "gp-1", replace(SAID, nhs_number=NEW)), (2, "RXX", "mrn-1", SAID))
    identify()
    assert people(1, 2) == 2

    assert trace() == {"asked": 1, "found": 1, "several": 0, "none": 0, "confirmed": 0}
    identify(changed=True)

    assert people(1, 2) == 1
    assert bases(1, 2) == ["verified", "pds_trace"]
    assert trace()["asked"] == 0  # an answer is not asked for again
    from datetime import timedelta

    from commonweal.apps.identity import api

    assert api.trace(100, again=timedelta(days=7))["asked"] == 0
    with connection.cursor() as cursor:
        cursor.execute("UPDATE identity_trace SET at = at - interval '8 days'")
    assert api.trace(100, again=timedelta(days=7))["asked"] == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM access_audit WHERE action = 'run.pds_trace'")
        assert cursor.fetchone()[0] == 4
    land((2, "RXX", "mrn-1", replace(SAID, given=("Gregory",), gender="male")))  # somebody else now
    identify(changed=True)
    assert people(1, 2) == 2


@pytest.mark.usefixtures("on")
def test_a_run_over_everything_ends_where_the_changes_do() -> None:
    land((1, "Y00001", "gp-1", replace(SAID, nhs_number=NEW)), (2, "RXX", "mrn-1", SAID))
    identify()
    trace()
    identify(changed=True)
    before = bases(1, 2), people(1, 2)
    identify()
    assert (bases(1, 2), people(1, 2)) == before


@pytest.mark.usefixtures("on")
def test_a_superseded_number_gives_way_to_the_number_in_force() -> None:
    land((1, "Y00001", "gp-1", replace(SAID, nhs_number=NEW)), (2, "RXX", "mrn-1", replace(SAID, nhs_number=OLD)))
    identify()
    assert people(1, 2) == 2
    trace(everybody=True)
    identify(changed=True)
    assert people(1, 2) == 1
    assert bases(2) == ["pds_trace"]


@pytest.mark.usefixtures("on")
def test_a_withdrawn_number_is_never_bridged_nor_offered_nor_labelled() -> None:
    from django.db import connection

    old = replace(SAID, family="Pemberton", given=("Robin",), birth_date=date(1990, 3, 3), nhs_number=WITHDRAWN)
    land((1, "Y00001", "gp-1", replace(old, nhs_number=TWIN)), (2, "RXX", "mrn-1", replace(old, postcode="NG7 7AA")))
    trace(everybody=True)
    identify()
    assert people(1, 2) == 2
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM identity_review WHERE first IN (1, 2) AND second IN (1, 2)")
        assert cursor.fetchone()[0] == 0
        cursor.execute("SELECT outcome, nhs_number, candidates FROM identity_trace WHERE compartment_id = 2")
        assert cursor.fetchone() == ("none", None, [])


@pytest.mark.usefixtures("on")
def test_more_than_one_match_links_nobody_and_is_for_people_to_look_at() -> None:
    from django.db import connection

    amy = replace(SAID, family="Marsh", given=("Amy",), birth_date=date(2001, 1, 31))
    land((1, "Y00001", "gp-1", replace(amy, nhs_number="9990000069")), (2, "RXX", "mrn-1", amy))
    assert trace() == {"asked": 1, "found": 0, "several": 1, "none": 0, "confirmed": 0}
    identify()
    assert people(1, 2) == 2
    with connection.cursor() as cursor:
        cursor.execute("SELECT reason FROM identity_review WHERE first = 1 AND second = 2")
        assert cursor.fetchone() == ("the Personal Demographics Service names this person, but not for certain",)


@pytest.mark.usefixtures("on")
def test_a_trace_goes_on_where_it_stopped(settings: Any) -> None:
    from commonweal.feeds.pds import PdsRefused, PdsUnavailable

    land((1, "RXX", "mrn-1", SAID), (2, "RXX", "mrn-2", replace(SAID, family="Quill", given=("Hannah",))))
    assert trace(limit=1)["asked"] == 1
    settings.COMMONWEAL_PDS_TOKEN = "stale"
    with pytest.raises(PdsRefused, match="COMMONWEAL_PDS_TOKEN"):
        trace()
    address, settings.COMMONWEAL_PDS_URL = settings.COMMONWEAL_PDS_URL, "http://127.0.0.1:9"
    with pytest.raises(PdsUnavailable, match="did not answer"):
        trace()
    settings.COMMONWEAL_PDS_URL, settings.COMMONWEAL_PDS_TOKEN = address, "made-up"
    assert trace()["asked"] == 1


@pytest.mark.usefixtures("on")
def test_somebody_whose_location_is_withheld_is_not_found_by_postcode() -> None:
    from commonweal.apps.identity import api

    hannah = replace(SAID, family="Quill", given=("Hannah",), birth_date=date(1984, 6, 1))
    land((1, "Y00001", "gp-1", replace(hannah, nhs_number=RESTRICTED)), (2, "RXX", "mrn-1", hannah))
    identify()
    assert api.search_people("Quill", postcode="NG1 1AA")
    trace(everybody=True)
    identify(changed=True)

    assert people(1, 2) == 1
    assert api.location_hidden([2])
    assert api.search_people("Quill")
    assert not api.search_people("Quill", postcode="NG1 1AA")
    assert not api.search_people(birth_date=date(1984, 6, 1), postcode="NG1 1AA")


@pytest.mark.usefixtures("on")
def test_a_withheld_location_is_not_read_or_searched_in_the_record() -> None:
    from commonweal.apps.access import api as access
    from commonweal.apps.record import api as record
    from commonweal.apps.record.page import person_page
    from commonweal.feeds.types import Parsed

    hannah = person(RESTRICTED, "Quill", "Hannah", "1984-06-01", id="gp-hannah")
    hannah["telecom"] = [{"system": "phone", "value": "0115 496 0000"}]
    body = json.dumps(hannah).encode()
    record.write("Y00001", "gp", [Parsed(1, "Patient", "gp-hannah", "gp-hannah", body, hannah, "demographics")])
    (key,) = record.compartments([("Y00001", "gp-hannah")]).values()
    said = replace(SAID, family="Quill", given=("Hannah",), birth_date=date(1984, 6, 1), nhs_number=RESTRICTED)
    land((key, "Y00001", "gp-hannah", said))
    identify()
    access.add_relationships([access.Relationship("Y00001", key, "registered", date(2015, 1, 1))], "test")
    actor = access.Actor("user:1", "Dr Okoro", access.Role.CLINICIAN, "Y00001")
    from commonweal.apps.identity import api

    who = api.person_of(key)
    assert who is not None

    def opened() -> tuple[Any, list[Any]]:
        with access.session(actor, access.Purpose.DIRECT_CARE, "record.read") as session:
            scope = session.open_person(who, api.compartments_of(who))
            page = person_page(scope)
            found = [
                record.read(scope, "Patient", "gp-hannah"),
                *record.everything(scope),
                *record.history(scope, "Patient", "gp-hannah"),
                *record.search(scope, "Patient", {"address-postalcode": "NG1 1AA"}),
                *record.search(scope, "Patient", {"family": "Quill"}),
            ]
            return page.banner, found

    banner, found = opened()
    assert (banner.address, len(found)) == ("1 High Street, NG1 1AA", 5)
    trace(everybody=True)
    banner, found = opened()
    assert (banner.name, banner.address, banner.phone) == ("Hannah Quill", "", "")
    assert len(found) == 4
    assert not any(word in one.body for one in found for word in (b"NG1", b"High Street", b"496"))
