"""The whole made-up system, written out as the partners' own raw feeds with the truth beside them."""

import csv
import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from commonweal.domain.errors import CommonwealError
from commonweal.synthetic import (
    admissions,
    allergy_checks,
    ambulances,
    care_homes,
    cases,
    commissioning,
    community,
    directory,
    mental_health,
    results,
    social_care,
    truth,
)
from commonweal.synthetic.columns import AS_AT, START, Stream, Streams, iso
from commonweal.synthetic.feed_faults import FEEDS, Faults, FeedSink
from commonweal.synthetic.general_practice import write_practice
from commonweal.synthetic.geography import Geography
from commonweal.synthetic.identity_noise import record
from commonweal.synthetic.invented_geography import invent
from commonweal.synthetic.lives import deciles, die, fall_ill
from commonweal.synthetic.people import person_code, populate
from commonweal.synthetic.practice_list import NOT_ASKED, World
from commonweal.synthetic.rates import PRACTICE_NOISE
from commonweal.synthetic.real_geography import read
from commonweal.synthetic.sink import FileEntry, Sink

FORMAT = 1
FEWEST = 100
MOST = 20_000_000
_PARTS = ("reference", "feeds", "truth")
_UNFINISHED = ".generating"
Progress = Callable[[str, int, int], None]


class GenerationError(CommonwealError):
    """What was asked for cannot be made; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was generated. ``resources`` counts what the feeds become in FHIR: general-practice resources, one
    Encounter a hospital visit, one resource a row of the CSV feeds, and one Patient a local record. ``faults``
    counts the lines planted for landing to set aside; a file's rows include them."""

    format: int
    synthetic: bool
    seed: int
    people: int
    start: str
    as_at: str
    organisations: int
    resources: int
    faults: int
    files: tuple[FileEntry, ...]
    life_expectancy: tuple[truth.Expectancy, ...]
    cases: dict[str, str]


def generate(
    directory: Path,
    people: int,
    seed: int,
    geography: Path | None = None,
    progress: Progress | None = None,
    published: Path | None = None,
) -> Manifest:
    """Write a system of ``people`` (100 or more) to ``directory``, the same bytes for the same arguments.

    ``geography`` is a folder of real small areas (:mod:`commonweal.synthetic.real_geography`); ``published`` a table of
    published life expectancies to print beside the simulated. ``progress(what, done, of)`` is called after each file.
    Raises :class:`GenerationError`, or ``GeographyError`` for a bad geography folder; a directory written before is
    replaced, any other that is not empty is refused.
    """
    if not FEWEST <= people <= MOST:
        raise GenerationError(f"people must be from {FEWEST:,} to {MOST:,}, not {people:,}")
    if seed < 0:
        raise GenerationError(f"the seed must be 0 or more, not {seed}")
    streams = Streams(seed)
    shape_rng = streams.of(Stream.GEOGRAPHY)
    shape = read(geography, shape_rng, people) if geography else invent(shape_rng, people)
    expected = _published(published)
    _clear(directory)
    return _write(directory, people, streams, shape, progress or (lambda *_: None), expected)


def _clear(directory: Path) -> None:
    """Make ``directory`` ready; only a generated one is emptied. A mark stands in it until its manifest is written."""
    if directory.exists():
        if not directory.is_dir():
            raise GenerationError(f"{directory} is not a directory")
        inside = {p.name for p in directory.iterdir()}
        if inside and not _generated(directory):
            raise GenerationError(f"{directory} is not empty and was not made by generate; name another directory")
    directory.mkdir(parents=True, exist_ok=True)
    (directory / _UNFINISHED).touch()
    (directory / "manifest.json").unlink(missing_ok=True)
    for part in _PARTS:
        if (directory / part).exists():
            shutil.rmtree(directory / part)


def _generated(directory: Path) -> bool:
    """Whether an earlier run, finished or cut off, made this directory."""
    if (directory / _UNFINISHED).exists():
        return True
    try:
        found = json.loads((directory / "manifest.json").read_bytes())
        return isinstance(found, dict) and found.get("synthetic") is True
    except (FileNotFoundError, ValueError):
        return False


def _published(path: Path | None) -> dict[str, str]:
    """Published life expectancy at birth by sex, as text, from a table of the founding papers' figures."""
    if path is None or not path.is_file():
        return {}
    found: dict[str, list[str]] = {}
    with path.open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            if row.get("measure") == "Life expectancy at birth":
                found.setdefault(row["sex"], []).append(f"{row['area']} {row['value']}")
    return {sex: "; ".join(values) for sex, values in found.items()}


def _write(
    root: Path, count: int, streams: Streams, geography: Geography, progress: Progress, published: dict[str, str]
) -> Manifest:
    """Simulate, then write every file."""
    people = populate(streams, geography, count)
    die(streams, people, geography)
    vicky = cases.choose_vicky(people)
    conditions, caring = fall_ill(streams, people, geography)
    conditions = cases.make_ill(conditions, vicky)
    decile = deciles(people, geography)
    everyone = people.everyone()
    recorded = record(streams.of(Stream.PRACTICE_IDENTITY), people, geography, everyone, PRACTICE_NOISE)
    recorded.correct(people, geography, vicky)
    visits = admissions.visit(streams, people, geography, decile, vicky)
    files = _reference(root, geography)
    resources, done = 0, 0
    of = len(geography.open_practices) + len(geography.acute) + len(geography.councils) + 2
    activity: list[commissioning.Counted] = []

    faults = {feed: Faults(streams, feed, count) for feed in FEEDS}

    def feed_sink(feed: str, code: str, ending: str) -> FeedSink:
        return FeedSink(root, f"feeds/{feed}/{code}.{ending}", feed, code, faults[feed])

    def finish(sink: FeedSink, made: int, last: bool) -> None:
        nonlocal resources, done
        if last:
            sink.plant_missing()
        files.append(sink.entry())
        resources += made
        done += 1
        progress(sink.path, done, of)

    known = social_care.clients(streams, people, conditions, caring, vicky)
    cared_for = known.person[~np.array(known.carer, dtype=bool)]
    elder = cases.choose_elder(people, vicky, cared_for)
    shown = np.concatenate([vicky, elder])
    asked = np.full(len(people), NOT_ASKED)
    world = World(streams, geography, people, recorded, conditions, caring, decile, shown, asked)
    practice_ids, doctors = [], []
    for index in geography.open_practices:
        code = geography.practices[index].code
        with feed_sink("gp", code, "ndjson") as sink:
            who, ids, posts = write_practice(world, index, sink)
            practice_ids.append((who, ids))
            doctors += posts
            finish(sink, sink.sound, index == geography.open_practices[-1])
    files += directory.write_directory(root, geography, doctors)
    trusts = []
    for index, trust in enumerate(geography.acute):
        with feed_sink("adt", trust.code, "hl7") as sink:
            wrote = admissions.write_trust(streams, people, geography, visits, index, vicky, sink)
            trusts.append(wrote)
            made = wrote.visits + len(wrote.local) + sum(map(bool, wrote.retired))
            finish(sink, made, trust is geography.acute[-1])
    others = []
    for index, council in enumerate(geography.councils):
        with feed_sink("cld", council.code, "csv") as sink:
            others.append(social_care.write_council(streams, people, geography, known, index, vicky, sink))
            finish(sink, sink.sound + len(others[-1].local), council is geography.councils[-1])
    code = geography.mental_health.code
    with feed_sink("mh", code, "csv") as sink:
        others.append(mental_health.write_trust(streams, people, geography, conditions, vicky, sink))
        finish(sink, sink.sound + len(others[-1].local), last=True)
    code = geography.community.code
    with feed_sink("community", code, "csv") as sink:
        others.append(community.write_trust(streams, people, geography, conditions, vicky, sink))
        finish(sink, sink.sound + len(others[-1].local), last=True)
    code = geography.system.code
    with Sink(root, f"feeds/{care_homes.FEED}/{code}.csv", care_homes.FEED, code) as homes:
        resources += care_homes.write_homes(streams, geography, homes)
        files.append(homes.entry())
    code = geography.ambulance.code
    with Sink(root, f"feeds/{ambulances.FEED}/{code}.csv", ambulances.FEED, code) as incidents:
        others.append(ambulances.write_service(streams, people, geography, visits, vicky, incidents))
        resources += incidents.rows + len(others[-1].local)
        files.append(incidents.entry())
    for index, known_there in enumerate(trusts):
        told_of = commissioning.Commissioned(streams, people, geography, visits, index, known_there)
        activity += told_of.counted()
        with Sink(root, f"feeds/results/{known_there.source}.hl7", "adt", known_there.source) as reported:
            resources += results.write_results(streams, geography, visits, index, known_there, reported)
            files.append(reported.entry())
        with Sink(root, f"feeds/pharmacy/{known_there.source}.ndjson", allergy_checks.FEED, known_there.source) as kept:
            allergy_checks.write_checks(world, visits, index, known_there, kept)
            resources += kept.rows
            files.append(kept.entry())
        for feed in commissioning.FEEDS:
            with Sink(root, f"feeds/{feed}/{known_there.source}.csv", feed, known_there.source) as rows:
                told_of.write(feed, rows)
                files.append(rows.entry())
    examples = cases.cases(
        people, vicky, elder, conditions, caring, trusts, [o.held for o in others if o.feed == "cld"]
    )
    told = truth.Told(
        *(root, geography, people, recorded, conditions, caring, visits, practice_ids, trusts, others),
        examples,
        published,
        [planted for feed in FEEDS for planted in faults[feed].planted],
        activity,
    )
    entries, expected = truth.write(told)
    manifest = Manifest(
        FORMAT,
        True,
        streams.seed,
        count,
        iso(START),
        iso(AS_AT),
        len(geography.organisations()),
        resources,
        len(told.faults),
        (*files, *entries),
        tuple(expected),
        {case: person_code(i) for case, i, _ in reversed(examples)},
    )
    plain = asdict(manifest)
    del plain["life_expectancy"], plain["cases"]
    (root / "manifest.json").write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")
    (root / _UNFINISHED).unlink()
    return manifest


def _reference(root: Path, geography: Geography) -> list[FileEntry]:
    """Write ``reference/``: organisations, small areas, postcodes."""
    entries = []
    tables: list[tuple[str, tuple[str, ...], list[tuple[object, ...]]]] = [
        (
            "organisations",
            (
                *("ods_code", "name", "kind", "roles", "parent", "place", "network", "address_postcode"),
                *("valid_from", "valid_to", "successor"),
            ),
            [tuple(asdict(o).values()) for o in geography.organisations()],
        ),
        (
            "small_areas",
            ("lsoa", "name", "place", "council", "imd_version", "imd_rank", "imd_decile", "imd_quintile"),
            [
                (
                    *(a.lsoa, a.name, geography.places[a.place].code),
                    geography.councils[geography.places[a.place].council].code,
                    *(geography.imd_version, a.imd_rank or "", a.imd_decile, a.imd_quintile),
                )
                for a in geography.areas
            ],
        ),
        (
            "postcodes",
            ("postcode", "lsoa"),
            [
                (p, geography.areas[a].lsoa)
                for p, a in zip(geography.postcodes, geography.postcode_area.tolist(), strict=True)
            ],
        ),
    ]
    for name, header, rows in tables:
        with Sink(root, f"reference/{name}.csv", "reference") as sink:
            sink.table([header], header=True)
            sink.table(rows)
            entries.append(sink.entry())
    return entries
