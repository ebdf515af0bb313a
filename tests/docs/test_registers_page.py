"""The page of registers is what the declarations say."""

from importlib.resources import files
from pathlib import Path

from commonweal.domain.measurement.disclosure import read_profiles
from commonweal.domain.population.codelists import read_code_list
from commonweal.domain.population.manual import page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "registers.md"


def written() -> str:
    data = files("commonweal.apps.population")
    codes = [
        code
        for one in sorted(data.joinpath("codelists").iterdir(), key=lambda one: one.name)
        if one.name.endswith(".csv")
        for code in read_code_list(one.name.removesuffix(".csv"), one.read_text("utf-8").splitlines())
    ]
    profiles = files("commonweal.apps.measurement").joinpath("disclosure_profiles.csv").read_text("utf-8")
    return page(codes, read_profiles(profiles.splitlines()))


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == written(), "write it anew: python -m tests.docs.test_registers_page"


if __name__ == "__main__":
    PAGE.write_text(written(), "utf-8")
