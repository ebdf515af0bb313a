"""Landed files held to loaded profiles by dated rules for a source and its feed: set aside, or stored and counted."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.integration.test_profiles_and_terminology import PACKAGE, PROFILE
from tests.landing_files import SNOMED, coded, empty, patient, write_lines

LONG_AGO = date(2010, 1, 1)


def weight(ident: str, code: str = "27113001", **more: Any) -> str:
    subject = {"reference": f"Patient/{ident.partition('-')[0]}-p1"}
    whole = {"resourceType": "Observation", "id": ident, "status": "final", "code": coded(SNOMED, code)}
    return json.dumps({**whole, "subject": subject, **more})


def lines(source: str) -> list[str]:
    """A person, one weight as the profile asks, one without a performer, one of something else and without."""
    nurse: dict[str, Any] = {"performer": [{"display": "Nurse"}]}
    first, second, third = (f"{source}-w{n}" for n in range(3))
    return [
        json.dumps(patient(f"{source}-p1", source)), weight(first, **nurse), weight(second), weight(third, "38341003"),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def package(database: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    from commonweal.apps.record import api as record

    folder = tmp_path_factory.mktemp("package")
    (folder / "package.json").write_text(json.dumps({"name": "test.weight", "version": "1"}))
    for n, resource in enumerate(PACKAGE):
        (folder / f"{n}.json").write_text(json.dumps(resource))
    record.add_package(folder)


@pytest.fixture
def gone(database: str, package: None) -> None:
    """No resource and no rule."""
    from django.db import connection

    empty()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE record_profile_rule SET valid_to = valid_from + 1")


def land(folder: Path, source: str = "A81001", feed: str = "gp") -> dict[str, Any]:
    from commonweal.apps.exchange import api

    return api.land(feed, [write_lines(folder / f"{source}.ndjson", lines(source))], source)


def test_without_a_rule_nothing_is_looked_at(gone: None, tmp_path: Path) -> None:
    from commonweal.apps.exchange import api

    assert land(tmp_path)["accepted"] == 4
    assert api.conformance() == []


def test_what_is_to_be_reported_is_stored_and_counted_by_place_and_rule(gone: None, tmp_path: Path) -> None:
    from commonweal.apps.exchange import api
    from commonweal.apps.record import api as record

    record.enforce_profile(PROFILE, "", "report", LONG_AGO, "gp")
    assert land(tmp_path)["accepted"] == 4
    [said] = api.conformance("A81001")
    assert (said.feed, said.profile, said.checked, said.broken) == ("gp", PROFILE, 3, 2)
    assert dict(said.where) == {"Observation.performer profile-min": 2, "Observation.code code-not-in-value-set": 1}
    assert land(tmp_path)["duplicate"] == 4
    assert api.conformance("A81001") == [said], "the same file again counts nothing twice"


def test_what_is_to_be_refused_is_set_aside_and_replayed_when_the_rule_is_over(gone: None, tmp_path: Path) -> None:
    from django.conf import settings

    from commonweal.apps.exchange import api, selectors
    from commonweal.apps.record import api as record

    record.enforce_profile(PROFILE, "A81001", "refuse", LONG_AGO)
    told = land(tmp_path)
    assert (told["accepted"], told["quarantined"]) == (2, 2)
    receipt = told["files"][0]["receipt"]
    found = {(row.line, row.field, row.rule) for row in selectors.quarantine(receipt)}
    assert found == {(3, "Observation.performer", "profile-not-met"), (4, "Observation.code", "profile-not-met")}
    assert api.replay(receipt)["accepted"] == 0, "the rule stands"
    record.release_profile(PROFILE, "A81001", settings.COMMONWEAL_NOW().date())
    assert api.replay(receipt)["accepted"] == 2


def test_a_rule_is_of_its_feed_and_source_only(gone: None, tmp_path: Path) -> None:
    from commonweal.apps.record import api as record

    record.enforce_profile(PROFILE, "A81001", "refuse", LONG_AGO, "api")
    record.enforce_profile(PROFILE, "A81002", "refuse", LONG_AGO, "gp")
    assert land(tmp_path)["quarantined"] == 0
    assert land(tmp_path, "A81002")["quarantined"] == 2


@pytest.mark.parametrize("feed", ["adt", "pg"])
def test_a_rule_for_a_feed_that_is_held_to_no_profile_is_refused_with_those_that_are(
    gone: None, monkeypatch: pytest.MonkeyPatch, feed: str
) -> None:
    from typer.testing import CliRunner

    from commonweal.apps.exchange import api, mappings
    from commonweal.apps.record import api as record
    from commonweal.cli import runtime
    from commonweal.cli.main import app

    monkeypatch.setattr(runtime, "start", lambda role="batch": None)
    before = record.profile_rules()
    told = CliRunner().invoke(app, ["profiles", "enforce", PROFILE, "--feed", feed])
    assert told.exit_code == 1
    assert "api, " in told.output
    assert record.profile_rules() == before
    assert not set(api.feeds_held()) & {"adt", *mappings.analysis_feeds()}
    assert CliRunner().invoke(app, ["profiles", "enforce", PROFILE, "--feed", "gp"]).exit_code == 0
