"""Definitions as files to keep under version control or edit in a spreadsheet: YAML and CSV, read back as written.

A CSV cell of several things (sources, lenses) is parted by semicolons; targets are one JSON list in one cell.
"""

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

import yaml

from commonweal.domain.measurement.definitions import LISTS, NAMES, BadDefinitionError, as_plain, read_definition
from commonweal.domain.measurement.figures import Indicator

FORMS = ("yaml", "csv")
_LARGEST = 5_000_000  # characters: two hundred times what every definition of a system takes
_PAPER_ONLY = frozenset({"table", "label"})  # where a printed table has the figure: of the loading apps' own files


def write_definitions(indicators: Iterable[Indicator], form: str) -> str:
    """Every definition as text in ``form`` (``yaml`` or ``csv``)."""
    plain = [as_plain(one) for one in indicators]
    if form == "yaml":
        short = [{name: value for name, value in one.items() if _said(name, value)} for one in plain]
        text: str = yaml.safe_dump(short, sort_keys=False, allow_unicode=True, width=100)
        return text
    stream = io.StringIO()
    writer = csv.DictWriter(stream, NAMES, lineterminator="\n")
    writer.writeheader()
    for one in plain:
        cells = {name: "" if value is None else value for name, value in one.items()}
        cells |= {name: "; ".join(one[name]) for name in LISTS}
        cells["targets"] = json.dumps(one["targets"]) if one["targets"] else ""
        writer.writerow(cells)
    return stream.getvalue()


def _said(name: str, value: Any) -> bool:
    """Whether a field is worth a line of the file: what is empty is left to its default."""
    return name in {"code", "name", "sentence", "unit", "valid_from"} or value not in (None, "", [])


def read_definitions(text: str, form: str, name: str = "definitions") -> list[Indicator]:
    """The definitions in a file's text. Raises ``BadDefinitionError`` naming file, place and field."""
    if len(text) > _LARGEST:
        raise BadDefinitionError([("file", f"is longer than {_LARGEST:,} characters")], name)
    found = [read_definition(cells, where) for where, cells in (_yaml if form == "yaml" else _csv)(text, name)]
    seen: set[tuple[str, Any]] = set()
    for one in found:
        if (one.code, one.valid_from) in seen:
            raise BadDefinitionError([("code", f"{one.code} from {one.valid_from} stands twice")], name)
        seen.add((one.code, one.valid_from))
    return found


def _yaml(text: str, name: str) -> list[tuple[str, dict[str, Any]]]:
    if "&" in text and "*" in text and any(token for token in _aliases(text)):
        raise BadDefinitionError([("file", "uses YAML aliases, which definitions do not need")], name)
    try:
        rows = yaml.safe_load(text)
    except yaml.YAMLError as problem:
        raise BadDefinitionError([("file", " ".join(str(problem).split()))], name) from problem
    if not isinstance(rows, list) or not all(isinstance(one, dict) for one in rows):
        raise BadDefinitionError([("file", "holds a list of definitions, each starting with - code:")], name)
    return [(f"{name} definition {n}", {str(key): one[key] for key in one}) for n, one in enumerate(rows, 1)]


def _aliases(text: str) -> list[Any]:
    try:
        return [event for event in yaml.parse(text, yaml.SafeLoader) if isinstance(event, yaml.AliasEvent)]
    except yaml.YAMLError:
        return []


def _csv(text: str, name: str) -> list[tuple[str, dict[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    found = []
    for row in reader:
        where = f"{name} line {reader.line_num}"
        if None in row or None in row.values():
            raise BadDefinitionError([("line", "its cells do not match the header")], where)
        cells: dict[str, Any] = {key: value for key, value in row.items() if key not in _PAPER_ONLY}
        try:
            cells["targets"] = json.loads(cells.get("targets") or "[]")
        except ValueError as problem:
            raise BadDefinitionError([("targets", f"is not a JSON list: {problem}")], where) from problem
        found.append((where, cells))
    return found
