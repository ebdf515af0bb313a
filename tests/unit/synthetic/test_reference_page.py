"""The reference page prints the rates the code uses."""

from dataclasses import fields
from pathlib import Path

from commonweal.synthetic import rates

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "synthetic-data.md"
SOURCES = (rates.PRACTICE_NOISE, rates.ACUTE_NOISE, rates.COUNCIL_NOISE, rates.MENTAL_HEALTH_NOISE)


def test_every_identity_rate_is_on_the_page() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("| fault |")) + 2
    printed = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        cells = [c.strip(" *%") for c in line.strip("|").split("|")[1:]]
        printed.append([float(c) for c in cells])
    used = [[round(getattr(s, f.name) * 100, 6) for s in SOURCES] for f in fields(rates.IdentityNoise)]
    assert printed == used


def test_every_feed_fault_is_on_the_page_with_its_rule_and_rate() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("| feed | kind |")) + 2
    printed = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        feed, kind, rule, one_in, _ = (c.strip() for c in line.strip("|").split("|"))
        number, counted = one_in.split(" ")
        assert (counted == "Observations") == kind.startswith("observation-")
        printed.append((feed, kind, rule, int(number.replace(",", ""))))
    assert printed == [(f.feed, f.kind, f.rule, f.one_in) for f in rates.FEED_FAULTS]


def test_the_page_names_every_file_that_is_written() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for name in ("people", "compartments", "conditions", "registers", "life_expectancy", "faults", "cases"):
        assert f"`truth/{name}.csv`" in page
    for name in ("organisations", "small_areas", "postcodes", "practitioners", "services"):
        assert f"`reference/{name}.csv`" in page
