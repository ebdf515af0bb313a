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
    """The generated files, read back with nothing of the generator's own code."""

    root: Path
    manifest: Manifest
    extra: dict[str, Any] = field(default_factory=dict)

    def table(self, path: str) -> list[dict[str, str]]:
        with (self.root / path).open(encoding="utf-8", newline="") as handle:
            return list(csv.DictReader(handle))

    def resources(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for path in sorted((self.root / "feeds/gp").iterdir()):
            with path.open(encoding="utf-8") as handle:
                for line in handle:
                    yield path.stem, json.loads(line)

    @cached_property
    def gp(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for _, resource in self.resources():
            found[resource["resourceType"]].append(resource)
        return found

    @cached_property
    def messages(self) -> list[dict[str, list[str]]]:
        """Every ADT message as segment name → fields (MSH counted so that fields[n] is field n)."""
        found = []
        for path in sorted((self.root / "feeds/adt").iterdir()):
            for block in path.read_bytes().decode().split("\n\n"):
                if block:
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
