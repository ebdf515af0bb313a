"""The oversight pages' figures, from the published papers."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("database")

PUBLISHED = Path(__file__).resolve().parents[2] / "examples" / "published"
DAY = date(2020, 10, 15)


@pytest.fixture(scope="module")
def found(database: str) -> Any:
    from commonweal.apps.performance import api
    from commonweal.apps.performance.oversight import oversight

    assert database
    api.load_published(PUBLISHED)
    api.load_tables(PUBLISHED, datetime(2020, 10, 15, tzinfo=UTC))
    return oversight(DAY)


def test_paused_areas_count_neither_as_achieved_nor_as_missed(found: Any) -> None:
    achieved = {area.name: (area.achieved, area.counted) for area in found.areas}
    assert achieved["Planned Care & Diagnostics"] == (1, 7)
    assert achieved["Maternity"] == (None, 1)
    assert (found.achieved, found.counted, found.silent) == (1 + 2 + 7 + 7 + 3 + 3, 7 + 8 + 11 + 13 + 5 + 3, 4 + 3 + 1)


def test_indicators_are_rated_against_plan(found: Any) -> None:
    lines = {line.code: line for line in found.lines}
    assert lines["activity_elective"].rating == "red"
    assert lines["activity_ae"].rating == "green"
    assert lines["activity_referrals"].rating == "unrated"
    assert (lines["activity_elective"].restored, lines["activity_elective"].heading) == ("98.5%", None)


def test_priorities_ranks_and_ratings_are_all_there(found: Any) -> None:
    assert len(found.transformation) == 27
    assert found.statuses["Delayed"] == 14
    assert [row[1] for row in found.peers] == [3, 4, 5, 5, 32, 35, 38, 40]
    assert {row[2] for row in found.peers} == {42}
    assert found.grades[0] == "Outstanding"


@pytest.mark.usefixtures("found")
def test_the_contract_report_has_every_printed_row() -> None:
    from commonweal.apps.performance.oversight import contract_report

    services = dict(contract_report(Decimal("0.5")))
    assert len(services) == 10
    assert sum(len(lines) for lines in services.values()) == 45
    checks = services["NHS Health Checks"]
    assert (checks[0].cells, checks[0].share, checks[0].judged) == (
        ("34,000", "149", "3,077", "3,226"),
        "9.5%",
        "behind",
    )
    hiv = services["Integrated Sexual Health Services"][6]
    assert (hiv.cells[0], hiv.judged) == (">60%", "missed")
    births = services["Healthy Families"][0]
    assert births.judged == "met"


def test_a_supplied_method_replaces_the_one_that_comes_with_the_code(found: Any) -> None:
    from django.conf import settings

    from commonweal.apps.performance import methods
    from commonweal.domain.performance.segments import SegmentationError

    assert found
    assert [one.thresholds for one in methods.methods()] == [(), ()]
    folder = settings.COMMONWEAL_HOME / "oversight"
    folder.mkdir()
    name = "NHS Oversight Framework 2026/27"
    text = f"- name: {name}\n  starts: 2026-04-01\n  by: thresholds\n  source: annex\n  thresholds: [1.5, 2.5, 3.5]\n"
    (folder / "methods.yaml").write_text(text)
    (folder / "amber.csv").write_text("starts,within,source,indicator\n2020-01-01,40,board,\n")
    (folder / "escalation.csv").write_text("level,name,missed_by,periods,starts,source\n1,watch,0,1,2020-01-01,board\n")
    assert methods.methods()[-1].thresholds == (Decimal("1.5"), Decimal("2.5"), Decimal("3.5"))
    from commonweal.apps.performance.oversight import oversight

    elective = next(line for line in oversight(DAY).lines if line.code == "activity_elective")
    assert (elective.rating, elective.level.name) == ("amber", "watch")
    (folder / "methods.yaml").write_text("- name: x\n")
    with pytest.raises(SegmentationError, match="needs name, starts"):
        methods.methods()
    (folder / "methods.yaml").unlink()
