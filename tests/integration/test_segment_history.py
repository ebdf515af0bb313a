"""Segments kept a quarter at a time: from the page, from the command line, and restated when kept again."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from commonweal.domain.performance.segments import Method, Override, SegmentationError, segment

pytestmark = pytest.mark.usefixtures("database")

SCORES = {"A&E in 4 hours": Decimal("2.4"), "Finance": Decimal("1.4"), "Staff survey": None}


@pytest.fixture
def method() -> Method:
    from datetime import date

    thresholds = tuple(Decimal(one) for one in ("1.5", "2.5", "3.5"))
    return Method(
        "A year", date(2026, 4, 1), "thresholds", "a test", thresholds, (Override("deficit", "In deficit", 3),)
    )


@pytest.fixture(autouse=True)
def _defined(database: str) -> None:
    from commonweal.apps.performance import api as performance

    assert database
    performance.define_segments()


def test_a_segment_is_kept_with_its_scores_and_one_kept_again_is_restated(method: Method) -> None:
    from commonweal.apps.measurement import api as measurement
    from commonweal.apps.performance import api as performance

    reached = segment(SCORES, method, frozenset({"deficit"}))
    assert performance.keep_segment("rx1", "2026/27 Q1", reached, method, SCORES, by="Ann") == 0
    (kept,) = performance.segments_kept("RX1")
    assert (kept.period, kept.segment, kept.average) == ("2026/27 Q1", "3", "1.90")
    assert "A year: the mean of 2 scores is 1.90, segment 2; In deficit: no better than 3" in kept.method
    assert "not scored: Staff survey; kept by Ann" in kept.method
    scores = measurement.get("oversight_metric_score", "RX1")
    assert {one.category: one.value for one in scores} == {"A&E in 4 hours": Decimal("2.4"), "Finance": Decimal("1.4")}
    again = segment(SCORES, method)
    assert performance.keep_segment("RX1", "2026/27 Q1", again, method, SCORES, by="Ben") == 1
    (change,) = measurement.restated("oversight_segment")
    assert (change.before, change.now, change.by) == (Decimal(3), Decimal(2), "Ben")
    performance.keep_segment("RX1", "2026/27 Q2", reached, method, SCORES, by="Ann")
    assert [one.period for one in performance.segments_kept()] == ["2026/27 Q2", "2026/27 Q1"]
    (series,) = performance.assessed("oversight_segment").held
    assert list(series.series.values) == [2.0, 3.0]


@pytest.mark.parametrize(
    ("organisation", "period", "says"), [("R", "2026/27 Q1", "is no ODS code"), ("RX1", "2026-06", "is no quarter")]
)
def test_what_is_no_place_or_quarter_is_refused(method: Method, organisation: str, period: str, says: str) -> None:
    from commonweal.apps.performance import api as performance

    with pytest.raises(SegmentationError, match=says):
        performance.keep_segment(organisation, period, segment(SCORES, method), method, SCORES, by="Ann")


def test_the_command_works_out_keeps_and_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from commonweal.cli import runtime
    from commonweal.cli.main import app

    monkeypatch.setattr(runtime, "start", lambda role="batch": None)  # Django is set up by the test already
    scores = tmp_path / "scores.txt"
    scores.write_text("Four hours: 2.4\nFinance: 1.4\nSurvey: -\n")
    words = ["oversight", "segment", str(scores), "--thresholds", "1.5 2.5 3.5", "--what-if", "Four hours: 1"]
    done = CliRunner().invoke(app, [*words, "--keep", "RX9", "--period", "2026/27 Q3", "--json"])
    said = json.loads(done.stdout)
    assert (said["segment"], said["average"], said["what_if"], said["kept"]) == (2, "1.9", 1, True)
    listed = json.loads(CliRunner().invoke(app, ["oversight", "history", "RX9", "--json"]).stdout)
    assert [(one["period"], one["segment"]) for one in listed] == [("2026/27 Q3", "2")]
    strange = CliRunner().invoke(app, [*words, "--holds", "flood", "--json"])
    assert strange.exit_code == 1


def test_a_recalibration_is_proposed_by_command_and_decided_by_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    from commonweal.apps.measurement import api as measurement
    from commonweal.cli import runtime
    from commonweal.cli.main import app

    monkeypatch.setattr(runtime, "start", lambda role="batch": None)  # as above
    measurement.register_indicators([measurement.Indicator("waits", "Waits", "Waits.", "people")])
    asked = ["indicator", "recalibrate", "waits", "--from", "2019-04-01", "--json"]
    said = json.loads(CliRunner().invoke(app, [*asked, "--reason", "A new counting rule"]).stdout)
    assert said["decide at"] == f"/performance/indicators/waits/recalibrations/{said['recalibration']}"
    assert measurement.recalibrations("waits", "approved") == []
    listed = json.loads(CliRunner().invoke(app, ["indicator", "recalibrations", "waits", "--json"]).stdout)
    assert [(one["state"], one["reason"], one["proposed_name"]) for one in listed] == [
        ("proposed", "A new counting rule", "the command line")
    ]
    assert CliRunner().invoke(app, [*asked, "--reason", " "]).exit_code == 1


@pytest.mark.usefixtures("as_app")
def test_the_role_that_serves_people_may_keep_a_segment(method: Method) -> None:
    from commonweal.apps.performance import api as performance

    performance.keep_segment("RX5", "2026/27 Q1", segment(SCORES, method), method, SCORES, by="Ann")
    assert [one.segment for one in performance.segments_kept("RX5")] == ["2"]
