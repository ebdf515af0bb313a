"""One generated system for all the tests that read its files."""

import csv
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from commonweal.synthetic import Manifest, generate

PEOPLE = 700


@dataclass
class World:
    """The generated files, read back with nothing of the generator's own code.

    Planted faults are left out of ``resources``, ``gp``, ``messages`` and ``events``, by the lines the truth names.
    """

    root: Path
    manifest: Manifest
    extra: dict[str, Any] = field(default_factory=dict)

    def table(self, path: str) -> list[dict[str, str]]:
        with (self.root / path).open(encoding="utf-8", newline="") as handle:
            return list(csv.DictReader(handle))

    @cached_property
    def faults(self) -> dict[str, set[int]]:
        """Lines of planted faults by path."""
        found: dict[str, set[int]] = defaultdict(set)
        for row in self.table("truth/faults.csv"):
            found[row["path"]].add(int(row["line"]))
        return found

    def events(self, path: str) -> list[dict[str, str]]:
        """The sound rows of a council's or the mental-health trust's file (no cell spans lines)."""
        return [row for line, row in enumerate(self.table(path), 2) if line not in self.faults[path]]

    def resources(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for path in sorted((self.root / "feeds/gp").iterdir()):
            bad = self.faults[str(path.relative_to(self.root))]
            for number, line in enumerate(path.read_bytes().splitlines(), 1):
                if number not in bad:
                    yield path.stem, json.loads(line)

    @cached_property
    def gp(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for _, resource in self.resources():
            found[resource["resourceType"]].append(resource)
        return found

    @cached_property
    def checked(self) -> dict[str, list[dict[str, Any]]]:
        """By trust, the allergies its pharmacy has noted."""
        return {
            path.stem: [json.loads(line) for line in path.read_bytes().splitlines()]
            for path in sorted((self.root / "feeds/pharmacy").iterdir())
        }

    @cached_property
    def messages(self) -> list[dict[str, list[str]]]:
        """Every ADT message as segment name → fields (MSH counted so that fields[n] is field n)."""
        found = []
        for path in sorted((self.root / "feeds/adt").iterdir()):
            bad = self.faults[str(path.relative_to(self.root))]
            line = 1
            for block in path.read_bytes().decode().split("\n\n"):
                begins, line = line, line + block.count("\r") + 2
                if block and begins not in bad:
                    segments = {}
                    for segment in block.split("\r"):
                        fields = segment.split("|")
                        segments[fields[0]] = ["MSH", "|", *fields[1:]] if fields[0] == "MSH" else fields
                    found.append(segments)
        return found

    @cached_property
    def person_of(self) -> dict[tuple[str, str, str], str]:
        rows = self.table("truth/compartments.csv")
        return {(r["source"], r["feed"], r["local_id"]): r["person"] for r in rows}

    @cached_property
    def people(self) -> dict[str, dict[str, str]]:
        return {r["person"]: r for r in self.table("truth/people.csv")}


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    root = tmp_path_factory.mktemp("synthetic") / "ics"
    return World(root, generate(root, PEOPLE, 7))
