"""``commonweal indicator`` over CSV files: what it prints, and the line it fails with."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from commonweal.cli.main import app

TABLE = Path(__file__).resolve().parents[3] / "examples" / "published" / "series" / "ae_attendances.csv"


def ran(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["indicator", *words])
    return done.exit_code, done.stdout, done.stderr


def answered(*words: str) -> dict[str, object]:
    code, out, err = ran(*words, "--json")
    assert code == 0, err
    found: dict[str, object] = json.loads(out)
    return found


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.csv"
    lines = [f"2020-{month:02}-01,RX1,{10 + month % 2},{100 + month}" for month in range(1, 13)]
    path.write_text("month,org,late,seen\n" + "\n".join(lines) + "\n2020-01-01,RX2,3,10\n")
    return path


def test_every_series_of_a_table_with_its_limits_and_signals() -> None:
    found = answered("spc", "--csv", str(TABLE), "--group", "org_code", "--value", "breaches", "--direction", "lower")
    assert [one["series"] for one in found["summary"]] == ["R1H", "R1K", "RJ7", "RJC", "RQM", "RRK"]  # type: ignore[attr-defined]  # JSON
    rows = [row for row in found["rows"] if row["series"] == "RRK"]  # type: ignore[attr-defined]  # JSON
    # The vignette of NHSRplotthedots: up to March 2018 "8 sequential points coloured in blue".
    assert len(rows) == 36
    assert {"date", "value", "mean", "lower", "upper", "signals", "variation", "assurance", "points"} <= set(rows[0])


def test_the_stable_period_of_the_package_s_introduction(tmp_path: Path) -> None:
    lines = TABLE.read_text().splitlines()
    before = tmp_path / "stable.csv"
    kept = [line for line in lines[1:] if ",RRK," in line and line < "2018-04"]
    before.write_text("\n".join([lines[0], *kept]))
    found = answered("spc", "--csv", str(before), "--group", "org_code", "--value", "breaches", "--direction", "lower")
    blue = [row["date"] for row in found["rows"] if row["judged"].startswith("improvement")]  # type: ignore[attr-defined]  # JSON
    assert (len(blue), blue[0], blue[-1]) == (8, "2017-02-01", "2017-09-01")


def test_a_table_for_reading_has_six_decimals_and_says_what_the_signals_mean() -> None:
    code, out, _ = ran(
        *("spc", "--csv", str(TABLE), "--group", "org_code", "--value", "breaches", "--direction", "lower"),
        *("--series", "RRK", "--rebase", "2018-07-01=Merger", "--target", "2000", "--target", "2018-07-01=7000"),
    )
    assert code == 0
    assert "1702.555556  873.061156  2532.049956" in " ".join(out.split(" ")).replace("   ", "  ")
    assert "RRK: Limits are on trial: they rest on 9 months and settle from 12." in out
    assert "8 months running below the mean" in out


def test_a_percentage_from_two_columns_and_months_left_out(small: Path) -> None:
    found = answered(*("spc", "--csv", str(small), "--group", "org"), *("--numerator", "late", "--denominator", "seen"))
    assert found["rows"][0]["value"] == pytest.approx(100 * 11 / 101)  # type: ignore[index]  # JSON
    other = found["summary"][1]  # type: ignore[index]  # JSON
    assert (other["variation"], other["upper"]) == ("not_enough_points", None)
    split = answered("spc", "--csv", str(small), "--value", "late", "--gaps", "break")
    assert len(split["rows"]) == 13  # type: ignore[arg-type]  # JSON


def test_charts_are_written_one_a_series(tmp_path: Path) -> None:
    code, _, err = ran(
        "spc", "--csv", str(TABLE), "--group", "org_code", "--series", "RRK", "--charts", str(tmp_path / "out")
    )
    assert code == 0, err
    assert (tmp_path / "out" / "RRK.svg").read_text().startswith("<svg")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("spc",), "give either the CODE of an indicator or --csv FILE"),
        (("spc", "--csv", "TABLE", "--numerator", "breaches"), "--numerator and --denominator go together"),
        (("spc", "--csv", "TABLE", "--value", "nothing"), "no column nothing"),
        (("spc", "--csv", "TABLE", "--group", "org_code", "--series", "RRX"), "no series RRX; there are 6, such as"),
        (("spc", "--csv", "TABLE", "--target", "soon=5"), "Invalid isoformat"),
        (("spc", "--csv", "/nonexistent.csv"), "No such file"),
        (("counts", "--csv", "TABLE", "--chart", "p", "--events", "breaches"), "--size goes with --chart p and u"),
        (("standardise", "--csv", "TABLE"), "give either --standard-rates or --standard-people"),
        (("compare", "--csv", "TABLE", "--date", "org_code"), "is no day"),
    ],
)
def test_what_cannot_be_done_says_why(words: tuple[str, ...], says: str) -> None:
    code, _, err = ran(*[str(TABLE) if word == "TABLE" else word for word in words])
    assert code == 1
    assert says in " ".join(err.split())


def test_a_funnel_of_all_the_rows(small: Path) -> None:
    found = answered(
        *("funnel", "--csv", str(TABLE), "--numerator", "breaches", "--denominator", "attendances"),
        *("--group", "org_code", "--adjust", "additive"),
    )
    assert len(found["rows"]) == 6  # type: ignore[arg-type]  # JSON
    assert found["tau2"] > 0  # type: ignore[operator]  # JSON


def test_counts_comparisons_and_standardisation(tmp_path: Path, small: Path) -> None:
    chart = answered("counts", "--csv", str(TABLE), "--chart", "p", "--events", "breaches", "--size", "attendances")
    assert chart["sigma_z"] == 1
    wide = answered(
        "counts", "--csv", str(TABLE), "--chart", "p", "--events", "breaches", "--size", "attendances", "--prime"
    )
    assert wide["sigma_z"] > 1  # type: ignore[operator]  # JSON
    rows = answered(
        *("compare", "--csv", str(TABLE), "--value", "attendances", "--group", "org_code"),
        *("--baseline", "2017-04-01", "--direction", "lower"),
    )
    last = rows[-1]  # type: ignore[index]  # JSON
    assert last["rank"].endswith("of 6")
    assert last["restored_percent"] > 0
    ages = tmp_path / "ages.csv"
    ages.write_text("age,events,people,rate,standard\n0-64,10,1000,0.01,800\n65+,30,500,0.05,200\n")
    ratio = answered("standardise", "--csv", str(ages), "--standard-rates", "rate")
    assert ratio["value"] == pytest.approx(40 / 35)
    rate = answered("standardise", "--csv", str(ages), "--standard-people", "standard")
    assert rate["value"] == pytest.approx(0.8 * 0.01 + 0.2 * 0.06)
