"""The files: same bytes for a seed, digests and counts right, every line well-formed, every reference found."""

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from commonweal.synthetic import GenerationError, generate

from .conftest import World

CSV_FEEDS = ("cld", "mh", "community", "ambulance", "care_home_capacity")


def _digest(root: Path) -> dict[str, str]:
    files = sorted(p for p in root.rglob("*") if p.is_file())
    return {str(p.relative_to(root)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def test_same_seed_same_bytes_whatever_the_hash_seed(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from commonweal.synthetic import generate; generate(pathlib.Path(sys.argv[1]), 150, 5)"
    )
    for name, hash_seed in (("a", "1"), ("b", "2")):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": "UTC" if name == "a" else "Asia/Tokyo"}
        subprocess.run([sys.executable, "-c", program, str(tmp_path / name)], check=True, env=environment)
    assert _digest(tmp_path / "a") == _digest(tmp_path / "b")
    generate(tmp_path / "c", 150, 6)
    assert _digest(tmp_path / "a") != _digest(tmp_path / "c")


def test_manifest_lists_every_file_with_its_rows_and_digest(world: World) -> None:
    manifest = json.loads((world.root / "manifest.json").read_text())
    assert manifest["synthetic"] is True
    assert (manifest["people"], manifest["seed"], manifest["as_at"]) == (700, 7, "2020-10-31")
    digests = _digest(world.root)
    assert {f["path"] for f in manifest["files"]} | {"manifest.json"} == set(digests)
    for entry in manifest["files"]:
        assert entry["sha256"] == digests[entry["path"]], entry["path"]
        data = (world.root / entry["path"]).read_bytes()
        rows = {
            ".ndjson": lambda d: d.count(b"\n"),
            ".hl7": lambda d: d.count(b"\n\n"),
            ".csv": lambda d: d.count(b"\n") - 1,
        }[Path(entry["path"]).suffix](data)
        assert entry["rows"] == rows, entry["path"]
    assert manifest["organisations"] == len(world.table("reference/organisations.csv"))


def test_resource_count_is_what_the_files_hold(world: World) -> None:
    visits = {(m["MSH"][4], m["PV1"][19]) for m in world.messages if "PV1" in m}
    feeds = [r["feed"] for r in world.table("truth/compartments.csv")]
    rows = sum(len(world.events(f.path)) for f in world.manifest.files if f.feed in CSV_FEEDS)
    reported = "".join(path.read_bytes().decode() for path in (world.root / "feeds/results").iterdir())
    rows += reported.count("\rOBR|") + reported.count("|NM|") + reported.count("\rTXA|")
    rows += sum(map(len, world.checked.values()))
    expected = sum(map(len, world.gp.values())) + len(visits) + rows + sum(f != "gp" for f in feeds)
    assert world.manifest.resources == expected
    assert 60 <= expected / len(world.people) <= 100


def test_resource_ids_are_unique_and_references_lead_somewhere(world: World) -> None:
    ids: dict[str, str] = {}
    everything = [resource for kind in world.gp.values() for resource in kind]
    for resource in everything:
        assert resource["id"] not in ids
        ids[resource["id"]] = resource["resourceType"]
    for resource in everything:
        for name in ("subject", "patient", "encounter", "requester"):
            if name in resource:
                kind, _, id = resource[name]["reference"].partition("/")
                assert ids[id] == kind


def test_control_ids_are_unique_and_messages_go_forward_in_time(world: World) -> None:
    controls = [m["MSH"][10] for m in world.messages]
    assert len(set(controls)) == len(controls)
    for source in {m["MSH"][4] for m in world.messages}:
        times = [m["EVN"][6] for m in world.messages if m["MSH"][4] == source]
        assert times == sorted(times)
    for message in world.messages:
        assert message["MSH"][18] == "UNICODE UTF-8"
        assert message["MSH"][9].split("^")[1] == message["EVN"][1]
        assert message["PID"][5].count("^") == 6
        if "PV1" in message:
            assert message["PV1"][44] <= message["EVN"][6] <= "20201031" + "2359"
            assert bool(message["PV1"][45]) == (message["EVN"][1] == "A03")


def test_too_few_people_and_other_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(GenerationError, match="from 100 to"):
        generate(tmp_path / "x", 99, 1)
    with pytest.raises(GenerationError, match="seed"):
        generate(tmp_path / "x", 100, -1)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("keep me")
    with pytest.raises(GenerationError, match="not made by generate"):
        generate(tmp_path / "mine", 100, 1)
    assert (tmp_path / "mine" / "letter.txt").read_text() == "keep me"
    with pytest.raises(GenerationError, match="not a directory"):
        generate(tmp_path / "mine" / "letter.txt", 100, 1)


def test_a_generated_folder_is_replaced_whole(tmp_path: Path) -> None:
    generate(tmp_path / "w", 140, 1)
    generate(tmp_path / "w", 120, 2)
    generate(tmp_path / "v", 120, 2)
    assert _digest(tmp_path / "w") == _digest(tmp_path / "v")


def test_a_run_cut_off_before_its_manifest_can_be_done_again(tmp_path: Path) -> None:
    generate(tmp_path / "w", 120, 2)

    def pull_the_plug(what: str, done: int, of: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate(tmp_path / "x", 150, 3, progress=pull_the_plug)
    assert not (tmp_path / "x" / "manifest.json").exists()
    generate(tmp_path / "x", 120, 2)
    assert _digest(tmp_path / "x") == _digest(tmp_path / "w")


def test_somebody_else_s_folder_of_the_same_names_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine" / "truth").mkdir(parents=True)
    (tmp_path / "mine" / "truth" / "letter.txt").write_text("keep me")
    with pytest.raises(GenerationError, match="not made by generate"):
        generate(tmp_path / "mine", 100, 1)
    assert (tmp_path / "mine" / "truth" / "letter.txt").exists()


def test_commissioning_files_add_up_to_the_visits_and_to_the_messages(world: World) -> None:
    told = {(row["source"], row["feed"], row["month"]): int(row["rows"]) for row in world.table("truth/activity.csv")}
    found: Counter[tuple[str, str, str]] = Counter()
    spells: Counter[tuple[str, str, str, str]] = Counter()
    for entry in world.manifest.files:
        if entry.feed in ("apc", "ecds"):
            day = "DischargeDate" if entry.feed == "apc" else "ArrivalDate"
            for row in world.table(entry.path):
                found[entry.source, entry.feed, row[day][:7]] += 1
                if entry.feed == "apc":
                    key = (entry.source, row["LocalPatientId"], row["AdmissionDate"], row["DischargeDate"])
                    spells[key] += 1
    assert found == Counter(told)
    merged = {(m["MSH"][4], m["MRG"][1].split("^")[0]): _local(m) for m in world.messages if "MRG" in m}
    ended: Counter[tuple[str, str, str, str]] = Counter()
    for m in world.messages:
        if m["MSH"][9].startswith("ADT^A03") and m["PV1"][2] == "I":
            source, local = m["MSH"][4], _local(m)
            local = merged.get((source, local), local)
            ended[source, local, _day(m["PV1"][44]), _day(m["PV1"][45])] += 1
    assert spells == ended, "each ended stay of the messages is one spell, and no other is"


def test_ambulances_bring_people_to_hospitals_before_they_are_there(world: World) -> None:
    people = world.person_of
    arrived = {
        (people[m["MSH"][4], "adt", _local(m)], m["MSH"][4])
        for m in world.messages
        if m["MSH"][9].startswith("ADT^A01")
    }
    path = next(entry.path for entry in world.manifest.files if entry.feed == "ambulance")
    rows = world.table(path)
    conveyed = [row for row in rows if row["Disposition"] == "conveyed"]
    assert len(conveyed) > len(rows) / 2
    assert {(people["RZA", "ambulance", row["PatientId"]], row["Destination"]) for row in conveyed} <= arrived


def _local(message: dict[str, list[str]]) -> str:
    return next(one.split("^")[0] for one in message["PID"][3].split("~") if one.endswith("^MR"))


def _day(stamp: str) -> str:
    return f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]}"
