"""`commonweal reference`: a folder in, counts out; a bad one is one line and exit 1."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from commonweal.cli import runtime
from commonweal.cli.main import app

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "start", lambda role="batch": None)  # the test's own database is already open


def test_reference_data_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "organisations.csv").write_text(
        "ods_code,name,kind,roles,parent,place,network,address_postcode,valid_from,valid_to,successor\n"
        "Q1,An ICB,icb,,,,,,2015-04-01,,\n"
    )
    (tmp_path / "small_areas.csv").write_text(
        "lsoa,name,place,council,imd_version,imd_rank,imd_decile,imd_quintile\nE1,Area,L1,990,2019,1,1,1\n"
    )
    (tmp_path / "postcodes.csv").write_text("postcode,lsoa\nZZ1 1AA,E1\n")
    result = CliRunner().invoke(app, ["reference", str(tmp_path), "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == {
        **{"organisations": 1, "small_areas": 1, "postcodes": 1},
        **{"published": 1, "withdrawn": 0},
    }


def test_a_folder_without_the_files_says_which_is_missing(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["reference", str(tmp_path)])
    assert result.exit_code == 1
    assert "organisations.csv" in result.output
