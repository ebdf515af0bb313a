"""Any files of people, linked by what they say themselves: public sets with truth, households, and bad input."""

import csv
import json
from pathlib import Path

import duckdb
import numpy as np
import pytest
from typer.testing import CliRunner

from commonweal.lake import linking


def test_febrl_is_linked_without_its_social_security_number(test_data: Path) -> None:
    halves = [test_data / "linkage" / f"febrl_dataset4{half}.csv" for half in "ab"]

    result = linking.link(halves, truth="rec_id")

    assert result["one_to_one"]
    assert "soc_sec_id" not in {column.strip() for one in result["files"] for column in one["columns"].values()}
    assert result["score"]["true_pairs"] == 5_000
    assert result["score"]["f1"] >= 0.995
    assert result["score"]["f1_interval"][0] <= result["score"]["f1"] <= result["score"]["f1_interval"][1]


@pytest.fixture(scope="module")
def families(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Families in one home: a father and son of one name, twins, and each person's second record with a slip or two."""
    random = np.random.default_rng(11)
    folder = tmp_path_factory.mktemp("families")
    letters = list("abcdefghilmnorstu")
    surnames = ["".join(random.choice(letters, 7)) for _ in range(300)]
    given = ["".join(random.choice(letters, 6)) for _ in range(60)]
    rows = []
    for number in range(500):
        family, home = random.choice(surnames), f"{random.integers(1, 90)} {random.choice(surnames)} road"
        unit = "".join(random.choice(letters[:8], 2)).upper()
        area = f"NG{random.integers(1, 20)} {random.integers(1, 9)}{unit}"
        father, twin, other, son = random.choice(given, 4, replace=False)
        twins, namesake = number % 10 == 0, number % 5 == 0
        for name, year, who in (
            (father, 1955, "father"),
            (father if namesake else son, 1983, "son"),
            (twin, 1985, "twin"),
            (other, 1985 if twins else 1988, "other"),
        ):
            part = 1 if who == "twin" or (twins and who == "other") else {"son": 7, "other": 5}.get(who, 11)
            born = f"{year + number % 9}-{1 + (number * part) % 12:02}-{1 + (number * part) // 12 % 28:02}"
            person = f"{number}-{who}"
            rows.append((person, name, family, born, home, area, "m"))
            if random.random() < 0.6:
                slip = family[:2] + family[3:] if random.random() < 0.3 else family
                moved = area if random.random() < 0.8 else "NG99 9ZZ"
                rows.append((person, name, slip, born, home, moved, "m"))
    path = folder / "families.csv"
    with path.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(("person", "First Name", "Surname", "D.O.B.", "Address Line 1", "Post Code", "Gender"))
        writer.writerows(rows)
    return path


def test_twins_and_father_and_son_of_one_name_stay_apart(families: Path, tmp_path: Path) -> None:
    result = linking.link([families], truth="person", out=tmp_path / "linked")

    assert result["learned"]["pairs_of_a_household"] > 1_000
    assert result["score"]["precision"] >= 0.99
    assert result["score"]["recall"] >= 0.99
    with duckdb.connect() as connection:
        pairs = connection.read_csv(str(tmp_path / "linked" / "pairs.csv"))
        assert {"weight", "probability", "household", "field_given", "field_born"} <= set(pairs.columns)
        clusters = connection.read_csv(str(tmp_path / "linked" / "clusters.csv"))
        assert clusters.aggregate("count(DISTINCT cluster)").fetchone() == (result["people"],)


def test_truth_is_used_for_nothing_but_the_score(families: Path) -> None:
    blind = linking.link([families], columns={})
    seen = linking.link([families], truth="person")

    assert {key: blind[key] for key in ("people", "links", "learned")} == {
        key: seen[key] for key in ("people", "links", "learned")
    }


def command(*words: str) -> tuple[int, str, str]:
    from commonweal.cli.main import app

    done = CliRunner().invoke(app, ["link", *words])
    return done.exit_code, done.stdout, done.stderr


def test_the_command_takes_columns_by_a_map(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text(
        "ref,a,b,c\n1,Ann,Smith,01/02/1950\n2,Anne,Smith,1950-02-01\n3,Bo,Lee,03/04/1960\n"
    )
    (tmp_path / "map.yaml").write_text("given: a\nfamily: b\nborn: c\nidentifier: ref\n")

    code, printed, _ = command(str(tmp_path / "people.csv"), "--map", str(tmp_path / "map.yaml"), "--json")

    assert code == 0
    assert json.loads(printed)["records"] == 3


@pytest.mark.parametrize(
    ("text", "words", "says"),
    [
        ("colour,size\nred,1\nblue,2\n", (), "no column recognised"),
        ("given_name,surname\nAnn,Lee\n", (), "fewer than two records"),
        ("given_name,surname\nAnn,Lee\nBo,Lee\n", ("--truth", "who"), "no truth column 'who'"),
        (None, (), "no file"),
    ],
)
def test_bad_input_ends_in_one_line_that_says_what_to_do(
    tmp_path: Path, text: str | None, words: tuple[str, ...], says: str
) -> None:
    path = tmp_path / "people.csv"
    if text is not None:
        path.write_text(text)

    code, _, complaint = command(str(path), *words)

    assert code == 1
    assert says in " ".join(complaint.split())
    assert "Traceback" not in complaint


def test_a_file_of_nothing_but_gaps_is_refused(tmp_path: Path) -> None:
    (tmp_path / "gaps.csv").write_text("given_name,surname,dob\n" + "unknown,n/a,\n" * 30)

    with pytest.raises(linking.LinkInput, match="no column says enough"):
        linking.link([tmp_path / "gaps.csv"])
