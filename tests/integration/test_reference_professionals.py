"""Practitioners, posts and services from a directory's files: searchable by code, organisation and role, dated."""

import json
from pathlib import Path
from typing import Any

import pytest

PRACTITIONERS = """code,name,role,organisation,valid_from,valid_to
G1111111,Dr Asha Shah,General practitioner,A81001,2012-04-01,2018-03-31
G1111111,Dr Asha Shah,GP partner,A81002,2018-04-01,
G2222222,Dr Ben Cole,General practitioner,A81001,2001-01-01,2015-06-30
"""
SERVICES = """code,name,kind,organisation,valid_from,valid_to,successor
S1,Old falls service,Falls prevention,RY9,2012-04-01,2019-03-31,S2
S2,Falls service,Falls prevention,RY9,2019-04-01,,
"""
pytestmark = pytest.mark.usefixtures("database")


def found(kind: str, **asked: str) -> list[dict[str, Any]]:
    from commonweal.apps.record import api as record

    page = record.search_shared(kind, [(name.replace("_", "-"), value) for name, value in asked.items()])
    return [json.loads(item.body) for item in page]


def folder(path: Path, practitioners: str = PRACTITIONERS, services: str = SERVICES) -> Path:
    (path / "practitioners.csv").write_text(practitioners)
    (path / "services.csv").write_text(services)
    return path


def test_a_practitioner_is_found_with_the_posts_held_and_left(tmp_path: Path) -> None:
    from commonweal.apps.record import api as record

    assert record.publish_professionals(folder(tmp_path)) == {"practitioners": 5, "services": 2}
    [shah] = found("Practitioner", identifier="G1111111")
    assert (shah["active"], shah["name"]) == (True, [{"text": "Dr Asha Shah"}])
    assert not found("Practitioner", identifier="G2222222")[0]["active"]
    posts = found("PractitionerRole", practitioner="Practitioner/ods-G1111111")
    assert {(post["organization"]["identifier"]["value"], post["active"]) for post in posts} == {
        ("A81001", False),
        ("A81002", True),
    }
    assert len(found("PractitionerRole", organization="Organization/ods-A81001")) == 2
    now = found("PractitionerRole", date="ge2020-01-01")
    assert [post["id"] for post in now] == ["ods-G1111111-A81002-2018-04-01"]
    [falls] = found("HealthcareService", name="falls", active="true")
    assert falls["providedBy"]["reference"] == "Organization/ods-RY9"
    assert '"value": "S2"' in json.dumps(found("HealthcareService", identifier="S1")[0]["extension"])


def test_again_changes_nothing_and_what_has_gone_is_withdrawn(tmp_path: Path) -> None:
    from commonweal.apps.record import api as record

    record.publish_professionals(folder(tmp_path))
    assert record.publish_professionals(folder(tmp_path)) == {"practitioners": 0, "services": 0}
    fewer = "".join(line for line in PRACTITIONERS.splitlines(keepends=True) if "G2222222" not in line)
    assert record.publish_professionals(folder(tmp_path, fewer))["practitioners"] == 2
    assert found("Practitioner", identifier="G2222222") == []
    (tmp_path / "practitioners.csv").unlink()
    assert record.publish_professionals(tmp_path) == {"services": 0}, "a file that is not there takes nothing away"
    assert record.publish_directory()["withdrawn"] == 0, "nor do organisations that are loaded again"
    assert found("Practitioner", identifier="G1111111")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("G1,Dr A,GP,A81001,2012-13-01,", "line 2"),
        ("G1,Dr A,GP,A81001,2012-04-02,2012-04-01", "before valid_from"),
        ("G 1,Dr A,GP,A81001,2012-04-01,", "code 'G 1'"),
        ("G1,,GP,A81001,2012-04-01,", "name is empty"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, row: str, said: str) -> None:
    from commonweal.apps.places import api as places
    from commonweal.apps.record import api as record

    (tmp_path / "practitioners.csv").write_text(f"code,name,role,organisation,valid_from,valid_to\n{row}\n")
    with pytest.raises(places.BadReferenceError, match=said):
        record.publish_professionals(tmp_path)
