"""The mappings of an installation: dated files in folders, all checked together, and the one for a file.

A folder holds ``<feed>/<supplier>-<valid_from>.yaml``, and beside the feeds' folders ``organisations.csv`` (alias, ods,
valid_from, valid_to) and ``code_maps.csv`` (map, from, code, display, valid_from, valid_to), both days included and an
empty end open. What a file was read with is kept whole, as a *version*: the mapping's text with the codes and aliases
in force that day, so that the day can be repeated whatever has been edited since.
"""

import csv
import hashlib
import json
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Table
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from commonweal.feeds.mapped.door import check_door
from commonweal.feeds.mapped.language import Code, Mapping, MappingFault, parse
from commonweal.feeds.mapped.reading import Plan, plan

SHIPPED = Path(__file__).parent.parent / "mappings"
_ALIASES = ("alias", "ods", "valid_from", "valid_to")
_CODES = ("map", "from", "code", "display", "valid_from", "valid_to")


@dataclass(frozen=True, slots=True)
class Version:
    """A mapping as it is on a day. ``text`` says all of it; ``digest`` is the SHA-256 of ``text``."""

    plan: Plan
    text: str
    digest: str

    @property
    def mapping(self) -> Mapping:
        """The mapping itself, code maps of that day included."""
        return self.plan.mapping


@dataclass(frozen=True, slots=True)
class _Entry:
    label: str
    text: str
    mapping: Mapping
    path: Path
    folder: Path


class Library:
    """Every mapping of some folders. ``on``: the day they are checked for."""

    def __init__(self, folders: Sequence[Path], on: date) -> None:
        self._entries: list[_Entry] = []
        self._aliases: list[dict[str, str]] = []
        self._codes: list[dict[str, str]] = []
        for folder in folders:
            if not folder.is_dir():
                continue
            self._aliases += _dated(folder / "organisations.csv", _ALIASES)
            self._codes += _dated(folder / "code_maps.csv", _CODES)
            self._entries += [_entry(path, folder) for path in sorted(folder.glob("*/*.yaml"))]
        self._alone()
        for entry in self._entries:
            self._version(entry, max(on, entry.mapping.valid_from))

    def mappings(self) -> list[tuple[Mapping, Path]]:
        """Every mapping with its file, by feed, supplier and day."""
        found = [(entry.mapping, entry.path) for entry in self._entries]
        return sorted(found, key=lambda one: (one[0].feed, one[0].supplier, one[0].valid_from))

    def choose(self, feed: str, source: str, on: date) -> Version | None:
        """The version for a file of ``source`` received on a day: one that lists the source before one for anybody."""
        able = [
            entry
            for entry in self._entries
            if entry.mapping.feed == feed
            and entry.mapping.valid_from <= on
            and (not entry.mapping.sources or source in entry.mapping.sources)
        ]
        if not able:
            return None
        best = max(able, key=lambda entry: (bool(entry.mapping.sources), entry.mapping.valid_from))
        return self._version(best, on)

    def version(self, path: Path, on: date) -> Version:
        """The version of one file of the library on a day. Raises ``KeyError`` for a file that is none of it."""
        for entry in self._entries:
            if entry.path == path:
                return self._version(entry, on)
        raise KeyError(path)

    def _version(self, entry: _Entry, on: date) -> Version:
        codes: dict[str, dict[str, list[str]]] = {}
        for row in _in_force(self._codes, on):
            codes.setdefault(row["map"], {})[row["from"]] = [row["code"], row["display"]]
        wanted = {
            value.map for one in entry.mapping.resources for values in one.elements.values() for value in values
        } | {value.map for value in entry.mapping.person.values()}
        shared = {name: rows for name, rows in sorted(codes.items()) if name in wanted}
        both = sorted(shared.keys() & entry.mapping.code_maps.keys())
        if both:
            raise MappingFault(f"{entry.label}: code map {both[0]!r} is in code_maps.csv too; keep it in one place")
        aliases = {row["alias"].casefold(): row["ods"] for row in _in_force(self._aliases, on)}
        text = json.dumps(
            {
                "label": entry.label,
                "mapping": entry.text,
                "code_maps": shared,
                "aliases": dict(sorted(aliases.items())),
            },
            ensure_ascii=False,
        )
        return restored(text)

    def _alone(self) -> None:
        """No two mappings for the same files from the same day, and none that is not where its name says."""
        seen: dict[tuple[str, str, date], str] = {}
        for entry in self._entries:
            mapping = entry.mapping
            name = f"{mapping.feed}/{mapping.supplier}-{mapping.valid_from.isoformat()}.yaml"
            if entry.path.relative_to(entry.folder).as_posix() != name:
                raise MappingFault(f"{entry.label}: is of {name}; call the file so")
            for source in mapping.sources or ("",):
                key = (mapping.feed, source, mapping.valid_from)
                if key in seen:
                    whose = source or "any source"
                    raise MappingFault(f"{entry.label}: {seen[key]} is for {whose} from that day too; say sources")
                seen[key] = entry.label


def restored(text: str) -> Version:
    """A version from the text that was kept of it. Raises ``MappingFault``."""
    said = json.loads(text)
    mapping = parse(said["mapping"], said["label"])
    maps: dict[str, Table[str, Code]] = dict(mapping.code_maps)
    for name, rows in said["code_maps"].items():
        maps[name] = {cell.casefold(): Code(code, display) for cell, (code, display) in rows.items()}
    ready = plan(replace(mapping, code_maps=maps), said["aliases"])
    if mapping.analysis:
        check_door(mapping)
    return Version(ready, text, hashlib.sha256(text.encode()).hexdigest())


def _entry(path: Path, folder: Path) -> _Entry:
    label = path.relative_to(folder).as_posix()
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError:
        raise MappingFault(f"{label}: is not UTF-8; save it so") from None
    return _Entry(label, text, parse(text, label), path, folder)


def _dated(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a dated table, if there is one. Raises ``MappingFault``."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        if list(reader.fieldnames or []) != list(columns):
            raise MappingFault(f"{path.name}: must have the columns {', '.join(columns)}")
        found = []
        for number, row in enumerate(reader, 2):
            try:
                date.fromisoformat(row["valid_from"])
                date.fromisoformat(row["valid_to"] or "9999-12-31")
            except (TypeError, ValueError):
                raise MappingFault(f"{path.name} line {number}: valid_from and valid_to must be days") from None
            found.append(row)
    return found


def _in_force(rows: Iterable[dict[str, str]], on: date) -> Iterable[dict[str, str]]:
    day = on.isoformat()
    return (row for row in rows if row["valid_from"] <= day <= (row["valid_to"] or "9999-12-31"))
