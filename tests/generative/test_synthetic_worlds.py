"""Whatever the seed and size: feeds parse, totals agree, and the truth covers every record."""

import csv
import json
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.synthetic import generate
from commonweal.synthetic.columns import NEVER, Stream, Streams, age_at, calendar, day
from commonweal.synthetic.invented_geography import invent
from commonweal.synthetic.lives import die, exposure, fall_ill
from commonweal.synthetic.people import populate
from commonweal.synthetic.rates import FEED_FAULTS


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


@settings(max_examples=5, deadline=None)
@given(people=st.integers(100, 260), seed=st.integers(0, 2**40))
def test_any_small_world_is_whole(people: int, seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "ics"
        manifest = generate(root, people, seed)
        truth = _rows(root / "truth/people.csv")
        assert len(truth) == len({p["nhs_number"] for p in truth}) == people
        held = _rows(root / "truth/compartments.csv")
        assert len({(c["source"], c["feed"], c["local_id"]) for c in held}) == len(held)
        feeds = Counter(c["feed"] for c in held)
        assert feeds["gp"] == people
        faults = {(f["path"], int(f["line"])) for f in _rows(root / "truth/faults.csv")}
        kinds = {(f["feed"], f["kind"]) for f in _rows(root / "truth/faults.csv")}
        assert kinds == {(f.feed, f.kind) for f in FEED_FAULTS}, "every kind of fault, however small the world"
        assert len(faults) == manifest.faults
        patients = 0
        for path in (root / "feeds/gp").iterdir():
            for number, line in enumerate(path.read_bytes().splitlines(), 1):
                if (str(path.relative_to(root)), number) not in faults:
                    resource = json.loads(line)
                    patients += resource["resourceType"] == "Patient"
        assert patients == people
        for entry in manifest.files:
            if entry.feed in ("cld", "mh", "community", "ambulance", "apc", "ecds", "op", "care_home_capacity"):
                rows = _rows(root / entry.path)
                assert len(rows) == entry.rows
                assert all(None not in row and None not in row.values() for row in rows)
        registers = _rows(root / "truth/registers.csv")
        for register in {r["register"] for r in registers}:
            mine = [r for r in registers if r["register"] == register and r["footprint_kind"] == "system"]
            totals: Counter[str] = Counter()
            for row in mine:
                totals[row["lens"]] += int(row["count"])
            assert len(set(totals.values())) == 1, "every lens adds up to the same total"
        assert "vicky" in manifest.cases


@settings(max_examples=10, deadline=None)
@given(people=st.integers(100, 3_000), seed=st.integers(0, 2**40))
def test_any_population_lives_within_its_dates(people: int, seed: int) -> None:
    streams = Streams(seed)
    geography = invent(streams.of(Stream.GEOGRAPHY), people)
    everyone = populate(streams, geography, people)
    die(streams, everyone, geography)
    assert (everyone.death >= everyone.birth).all()
    assert ((everyone.left == NEVER) | (everyone.death == NEVER)).all()
    conditions, caring = fall_ill(streams, everyone, geography)
    coded = conditions.recorded < NEVER
    assert (conditions.recorded >= conditions.onset).all()
    assert (conditions.onset >= everyone.birth[conditions.person]).all()
    assert (conditions.recorded[coded] <= everyone.end[conditions.person[coded]]).all()
    ended = conditions.ended < NEVER
    assert (conditions.ended[ended] > conditions.recorded[ended]).all()
    again = conditions.again < NEVER
    assert (conditions.again[again] < conditions.ended[again]).all()
    assert (conditions.again[again] > conditions.recorded[again]).all()
    assert (caring.until > caring.since).all()
    years, band = exposure(everyone)
    assert (years >= 0).all()
    assert years.sum(axis=1).max() <= 5.01
    dead = band >= 0
    assert (years[np.flatnonzero(dead), band[dead]] > 0).all(), "whoever dies in an age band has lived in it"


@settings(max_examples=200)
@given(
    birth=st.dates(calendar(day(1900, 1, 1)), calendar(day(2020, 10, 30))),
    on=st.integers(day(2015, 1, 1), day(2020, 10, 31)),
)
def test_age_in_whole_years_is_the_calendar_s(birth: object, on: int) -> None:
    born, now = birth, calendar(on)
    expected = now.year - born.year - ((now.month, now.day) < (born.month, born.day))  # type: ignore[attr-defined]
    assert age_at(np.array([day(born.year, born.month, born.day)]), on)[0] == expected  # type: ignore[attr-defined]
