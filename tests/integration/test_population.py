"""From landed resources to released figures: one refresh, then a small change, through the public faces."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.db import connection

from commonweal.feeds.types import Parsed

ODS = "https://fhir.nhs.uk/Id/ods-organization-code"
PEOPLE = 40
ORGANISATIONS = """ods_code,name,kind,roles,parent,place,network,address_postcode,valid_from,valid_to,successor
S,System,icb,,,,,,2000-04-01,,
L1,First Place,place,,S,L1,,,2000-04-01,,
N1,First Network,network,,L1,L1,N1,,2000-04-01,,
P1,First Practice,practice,,N1,L1,N1,,2000-04-01,,
"""
AREAS = """lsoa,name,place,council,imd_version,imd_rank,imd_decile,imd_quintile
E1,Area 1,L1,990,2019,1,1,1
E2,Area 2,L1,990,2019,2,10,5
"""


def patient(n: int) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": f"pat{n}",
        "active": True,
        "name": [{"use": "official", "family": f"Surname{n}", "given": ["Given"]}],
        "gender": "female" if n % 2 else "male",
        "birthDate": f"{1940 + n}-03-0{1 + n % 9}",
        "address": [{"use": "home", "postalCode": "ZZ1 1AA" if n % 4 else "ZZ1 1AB"}],
        "managingOrganization": {"type": "Organization", "identifier": {"system": ODS, "value": "P1"}},
    }


def condition(n: int, code: str = "44054006") -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "id": f"con{n}",
        "subject": {"reference": f"Patient/pat{n}"},
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": code}]},
        "onsetDateTime": "2015-06-01",
    }


def land(resources: list[tuple[int, dict[str, Any]]]) -> None:
    from commonweal.apps.record import api as record

    items = [
        Parsed(
            line,
            one["resourceType"],
            one["id"],
            f"pat{n}",
            json.dumps(one).encode(),
            one,
            "demographics" if one["resourceType"] == "Patient" else "clinical",
        )
        for line, (n, one) in enumerate(resources, 1)
    ]
    record.write("P1", "gp", items, None)


@pytest.fixture
def landed(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    from django.conf import settings

    from commonweal.apps.identity import api as identity
    from commonweal.apps.places import api as places

    monkeypatch.setattr(settings, "COMMONWEAL_HOME", tmp_path)
    monkeypatch.setattr(settings, "COMMONWEAL_NOW", lambda: datetime(2020, 10, 31, 9, tzinfo=UTC))
    reference = tmp_path / "reference"
    reference.mkdir()
    (reference / "organisations.csv").write_text(ORGANISATIONS)
    (reference / "small_areas.csv").write_text(AREAS)
    (reference / "postcodes.csv").write_text("postcode,lsoa\nZZ1 1AA,E1\nZZ1 1AB,E2\n")
    places.load_reference(reference)
    people = [(n, patient(n)) for n in range(PEOPLE)]
    land([*people, *((n, condition(n)) for n in range(15)), (20, condition(20, "38341003"))])
    identity.identify()
    return tmp_path


def test_refresh_counts_releases_and_follows_a_change(landed: Path) -> None:
    from commonweal.apps.measurement import api as measurement
    from commonweal.apps.population import api as population

    done = population.refresh()
    assert done["rows"] == {"person": PEOPLE, "condition": 16, "observation": 0, "encounter": 0}
    assert done["as_at"] == "2020-10-31"
    found = population.breakdown("diabetes", "network", "S")
    assert found.footprint == "System"
    assert found.total is not None
    assert (found.total.count, found.total.people, found.total.rate) == (15, 40, 375.0)
    assert found.as_at == "2020-10-31"
    assert found.query == "register diabetes as at 2020-10-31, lake version 1"

    # 3 or 4 people with diabetes live in the better-off area: hidden, and so is the other area beside it.
    by_area = population.breakdown("diabetes", "deprivation_quintile", "L1")
    assert [(row.name, row.count, row.people, row.rate) for row in by_area.rows] == [
        ("1, most deprived fifth", None, 30, None),
        ("5, least deprived fifth", None, 10, None),
    ]
    assert all(row.hidden for row in by_area.rows)
    assert by_area.chart is None
    stored = measurement.get("diabetes", footprint=("place", "L1"), lens="deprivation_quintile")
    assert [(one.value, one.numerator, one.state) for one in stored] == [(None, None, "suppressed")] * 2

    land([(0, condition(0, "38341003")), (20, condition(20))])
    again = population.refresh()
    assert again["changes"] == 2
    assert again["rows"] == {"person": 0, "condition": 2, "observation": 0, "encounter": 0}
    totals = {name: population.breakdown(name, "sex", "S").total for name in ("hypertension", "diabetes")}
    assert {name: row and row.count for name, row in totals.items()} == {"hypertension": None, "diabetes": 15}


def test_who_opted_out_of_their_practices_data_is_counted_nowhere_and_again_once_they_opt_in(landed: Path) -> None:
    from commonweal.apps.access import api as access
    from commonweal.apps.identity import api as identity
    from commonweal.apps.population import api as population
    from commonweal.cli.verify import record_equals_lake

    population.refresh()
    with population.open_lake().connect() as lake:
        conditions = lake.table("condition").count("*").fetchall()[0][0]
    ours = {local: n for n, local in compartments()}
    access.set_opt_out(access.OptOut.TYPE_1, [ours["pat0"], ours["pat39"]], True, source="P1", by="operator:x")
    access.set_opt_out(access.OptOut.NATIONAL_DATA, [ours["pat1"]], True, source="P1", by="operator:x")
    done = population.refresh()
    assert (done["changes"], done["left_out"]) == (0, {"national_data": 0, "type_1": 2})
    with population.open_lake().connect() as lake:
        shown = [lake.table(one).count("*").fetchall() for one in ("person", "condition", "link")]
    assert shown == [[(PEOPLE - 2,)], [(15,)], [(PEOPLE - 2,)]]
    lake_now = population.open_lake()
    files = [pq.read_metadata(lake_now.root / one).num_rows for one in lake_now.manifest.files["person"]]
    assert sum(files) == PEOPLE - 2  # Type 1 binds every use: nothing of theirs is there at all
    assert record_equals_lake() == []
    assert identity.people_opted_out(access.Purpose.RESEARCH).counts == {"national_data": 1, "type_1": 2}
    access.set_opt_out(access.OptOut.TYPE_1, ours.values(), False, source="P1", by="operator:x")
    population.refresh()
    with population.open_lake().connect() as lake:
        shown = [lake.table(one).count("*").fetchall() for one in ("person", "condition", "link")]
    assert shown == [[(PEOPLE,)], [(conditions,)], [(PEOPLE,)]]
    assert record_equals_lake() == []


def test_who_opts_in_before_anybody_linked_them_is_in_the_lake_again(landed: Path) -> None:
    from commonweal.apps.access import api as access
    from commonweal.apps.population import api as population
    from commonweal.cli.verify import record_equals_lake

    land([(PEOPLE, patient(PEOPLE))])  # and nothing identifies them
    new = [next(n for n, local in compartments() if local == f"pat{PEOPLE}")]
    for out, held in ((True, PEOPLE), (False, PEOPLE + 1)):
        access.set_opt_out(access.OptOut.TYPE_1, new, out, source="P1", by="operator:x")
        population.refresh()
        lake = population.open_lake()
        files = [pq.read_metadata(lake.root / one).num_rows for one in lake.manifest.files["person"]]
        assert (sum(files), record_equals_lake()) == (held, [])


def compartments() -> list[tuple[int, str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, local_id FROM record_compartment")
        return list(cursor.fetchall())


def test_figures_are_compared_with_truth_before_disclosure_control(landed: Path) -> None:
    from commonweal.apps.population import api as population

    population.refresh()
    (landed / "registers.csv").write_text(
        "register,footprint_kind,footprint,lens,category,count\n"
        "diabetes,system,S,all,all,13\ndiabetes,system,S,ethnicity,99,15\n"
    )
    result = population.compare_with_truth(landed)["diabetes"]
    apart = {(one["footprint_kind"], one["lens"], one["category"]): one for one in result["differences"]}
    assert (apart["system", "all", "all"]["expected"], apart["system", "all", "all"]["counted"]) == (13, 15)
    assert apart["network", "all", "all"]["expected"] == 0
    assert ("system", "ethnicity", "99") not in apart
    assert result["cells"] - result["equal"] == len(result["differences"])
    assert result["largest_difference"] == 15


def test_a_register_can_be_read(landed: Path) -> None:
    from commonweal.apps.population import api as population

    assert [one.name for one in population.registers()] == [
        "diabetes",
        "hypertension",
        "carers",
        "emergency_admissions",
    ]
    diabetes = population.register("diabetes")
    assert diabetes.sentence.startswith("People alive and registered with a general practice on 31 October 2020")
    assert [name for name, _ in diabetes.steps][-1] == "register_cells"
    assert {code.list for code in diabetes.codes} == {"diabetes", "diabetes_resolved"}
    with pytest.raises(KeyError, match="height"):
        population.breakdown("diabetes", "height", "S")
    with pytest.raises(KeyError, match="no register 'asthma'"):
        population.breakdown("asthma", "sex", "S")


def test_an_installations_own_code_list_replaces_the_shipped_one(landed: Path) -> None:
    from commonweal.apps.population import api as population

    (landed / "codelists").mkdir()
    (landed / "codelists" / "hypertension.csv").write_text("code,term\n44054006,Not really\n")
    population.refresh()
    total = population.breakdown("hypertension", "sex", "S").total
    assert total is not None
    assert total.count == 15


def test_one_audit_row_a_run(landed: Path) -> None:
    from django.db import connection

    from commonweal.apps.population import api as population

    def runs() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM access_audit WHERE action = 'run.refresh'")
            return int(cursor.fetchone()[0])

    before = runs()
    population.refresh()
    assert runs() == before + 1
