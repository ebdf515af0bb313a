"""What a mapping file may say, and reading one: YAML → ``Mapping``, or a fault that names the nearest right word.

Every scalar is read as text (``01`` stays ``01`` and ``No`` stays ``No``), and a key given twice is a fault: YAML
itself would take the last and say nothing. What the words mean for FHIR is checked in ``target``.
"""

import difflib
from collections.abc import Collection, Sequence
from collections.abc import Mapping as Table
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import yaml

from commonweal.domain.errors import CommonwealError

KINDS = ("text", "date", "time", "integer", "decimal")
ENCODINGS = ("utf-8", "utf-16", "windows-1252", "iso-8859-1")
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
PERSON = (
    "local_id", "nhs_number", "family", "given", "birth_date", "death_date", "gender", "ethnicity", "postcode",
    "practice",
)  # fmt: skip
DOORS = ("keep", "pseudonym", "age", "month", "area")


class MappingFault(CommonwealError):
    """A mapping file that cannot be followed: which file, where in it, and the nearest right word."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the supplier's file. ``form``: how dates and times are written, as ``%d/%m/%Y``."""

    name: str
    kind: str = "text"
    form: str = ""
    required: bool = False
    one_of: tuple[str, ...] = ()
    ignored: bool = False


@dataclass(frozen=True, slots=True)
class Code:
    """What a supplier's code becomes."""

    code: str
    display: str = ""


@dataclass(frozen=True, slots=True)
class Value:
    """Where one value comes from: a column, a constant, or whether a column is filled.

    ``map``: the code map its cells go through; ``*`` in a map is any other code, and without it another code sets the
    row aside. ``otherwise``: for an empty cell.
    ``refers_to``: the name of a resource of this mapping whose reference the cell is. ``is_organisation``: the cell
    is an ODS code or an alias of one; ``is_source``: the organisation that sent the file.
    """

    column: str = ""
    constant: str = ""
    map: str = ""
    otherwise: str = ""
    present: str = ""
    absent: str = ""
    system: str = ""
    unit: str = ""
    refers_to: str = ""
    is_organisation: bool = False
    is_source: bool = False


@dataclass(frozen=True, slots=True)
class Resource:
    """One FHIR resource that a row can become: for which rows, its own reference, its elements by path."""

    name: str
    type: str
    when: Table[str, tuple[str, ...]]
    reference: tuple[str, ...]
    elements: Table[str, tuple[Value, ...]]
    extensions: Table[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Passed:
    """How one column passes the pseudonymising door: kept, as a pseudonym, an age, a month or a small area."""

    name: str
    door: str
    column: str
    at: str = ""


@dataclass(frozen=True, slots=True)
class Mapping:
    """One version of one supplier's mapping. In force for files received from ``valid_from`` on."""

    label: str
    feed: str
    supplier: str
    valid_from: date
    sources: tuple[str, ...]
    about: str
    encoding: str
    delimiter: str
    extra_columns: bool
    columns: Table[str, Column]
    person: Table[str, Value]
    latest_by: str
    resources: tuple[Resource, ...]
    analysis: tuple[Passed, ...]
    code_maps: Table[str, Table[str, Code]]


def nearest(word: str, known: Collection[str]) -> str:
    """Advice: the nearest of ``known``, or some of them."""
    folded = {one.casefold().replace("_", " "): one for one in known}
    near = difflib.get_close_matches(word.casefold().replace("_", " "), list(folded), 1, 0.5)
    if near:
        return f"did you mean {folded[near[0]]!r}?"
    return f"use one of: {', '.join(sorted(known)[:12])}" if known else "there is none here"


class _Loader(yaml.BaseLoader):
    """Text only, no key twice."""


def _once(loader: _Loader, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str):
            raise yaml.constructor.ConstructorError(None, None, "a key must be one word or text", key_node.start_mark)
        if key in found:
            raise yaml.constructor.ConstructorError(None, None, f"{key!r} is said twice", key_node.start_mark)
        found[key] = loader.construct_object(value_node, deep=True)
    return found


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _once)


def load(text: str, label: str) -> Any:
    """The plain content of a YAML text. Raises ``MappingFault`` with the line of what cannot be read."""
    try:
        return yaml.load(text, _Loader)  # noqa: S506  # a BaseLoader makes texts, lists and tables, and nothing else
    except (yaml.YAMLError, RecursionError) as bad:
        mark = getattr(bad, "problem_mark", None)
        where = f" line {mark.line + 1}" if mark else ""
        raise MappingFault(f"{label}{where}: {getattr(bad, 'problem', None) or 'not YAML'}; correct it") from None


def parse(text: str, label: str) -> Mapping:
    """A mapping from its YAML. ``label`` is what faults call the file. Raises ``MappingFault``."""
    return _Reader(label).mapping(load(text, label))


class _Reader:
    """Reads one file; every method takes where it is, so that a fault can say it."""

    def __init__(self, label: str) -> None:
        self.label = label

    def fault(self, where: str, message: str) -> MappingFault:
        return MappingFault(f"{self.label}: {where}: {message}" if where else f"{self.label}: {message}")

    def table(self, value: Any, where: str, known: Sequence[str] = ()) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self.fault(where, "must be a table of names and values")
        for key in value:
            if known and key not in known:
                raise self.fault(f"{where}.{key}" if where else key, f"not a word of a mapping; {nearest(key, known)}")
        return value

    def word(self, value: Any, where: str) -> str:
        if not isinstance(value, str):
            raise self.fault(where, "must be one value")
        return value

    def words(self, value: Any, where: str) -> tuple[str, ...]:
        items = value if isinstance(value, list) else [value]
        return tuple(self.word(item, where) for item in items)

    def flag(self, value: Any, where: str) -> bool:
        if value not in ("true", "false"):
            raise self.fault(where, "must be true or false")
        return bool(value == "true")

    def choice(self, value: Any, where: str, known: Collection[str]) -> str:
        found = self.word(value, where)
        if found not in known:
            raise self.fault(where, f"{found!r} is not known; {nearest(found, known)}")
        return found

    def mapping(self, value: Any) -> Mapping:
        said = self.table(
            value, "", ("feed", "supplier", "valid_from", "sources", "about", "file", "columns", "code_maps", "person",
                        "latest_by", "resources", "analysis")
        )  # fmt: skip
        for name in ("feed", "supplier", "valid_from", "columns"):
            if name not in said:
                raise self.fault(name, "is missing; every mapping says it")
        try:
            valid_from = date.fromisoformat(self.word(said["valid_from"], "valid_from"))
        except ValueError:
            raise self.fault("valid_from", "must be a day as 2026-04-01") from None
        file = self.table(said.get("file", {}), "file", ("encoding", "delimiter", "extra_columns"))
        columns = {
            name: self.column(name, body, f"columns.{name}")
            for name, body in self.table(said["columns"], "columns").items()
        }
        if not columns:
            raise self.fault("columns", "names no column")
        code_maps = {
            name: self.codes(body, f"code_maps.{name}")
            for name, body in self.table(said.get("code_maps", {}), "code_maps").items()
        }
        return Mapping(
            label=self.label,
            feed=self.word(said["feed"], "feed"),
            supplier=self.word(said["supplier"], "supplier"),
            valid_from=valid_from,
            sources=self.words(said.get("sources", []), "sources"),
            about=self.word(said.get("about", ""), "about"),
            encoding=self.choice(file.get("encoding", "utf-8"), "file.encoding", ENCODINGS),
            delimiter=DELIMITERS[self.choice(file.get("delimiter", "comma"), "file.delimiter", DELIMITERS)],
            extra_columns=self.flag(file.get("extra_columns", "false"), "file.extra_columns"),
            columns=columns,
            person={
                name: self.value(body, f"person.{name}", columns)
                for name, body in self.table(said.get("person", {}), "person", PERSON).items()
            },
            latest_by=self.of_columns(said["latest_by"], "latest_by", columns) if "latest_by" in said else "",
            resources=tuple(
                self.resource(name, body, f"resources.{name}", columns)
                for name, body in self.table(said.get("resources", {}), "resources").items()
            ),
            analysis=tuple(
                self.passed(name, body, f"analysis.{name}", columns)
                for name, body in self.table(said.get("analysis", {}), "analysis").items()
            ),
            code_maps=code_maps,
        )

    def column(self, name: str, value: Any, where: str) -> Column:
        if value == "":
            return Column(name)
        said = self.table(value, where, (*KINDS, "required", "one_of", "ignored"))
        kinds = [kind for kind in KINDS if kind in said]
        if len(kinds) > 1:
            raise self.fault(where, f"is {' and '.join(kinds)}; it can be one of them")
        kind = kinds[0] if kinds else "text"
        form = self.word(said.get(kind, ""), where) if kind in ("date", "time") else ""
        if kind in ("date", "time") and "%Y" not in form and "%y" not in form:
            raise self.fault(f"{where}.{kind}", "must say how it is written, such as '%d/%m/%Y'")
        return Column(
            name,
            kind,
            form,
            self.flag(said.get("required", "false"), f"{where}.required"),
            self.words(said.get("one_of", []), f"{where}.one_of"),
            self.flag(said.get("ignored", "false"), f"{where}.ignored"),
        )

    def codes(self, value: Any, where: str) -> dict[str, Code]:
        found = {}
        for key, body in self.table(value, where).items():
            if isinstance(body, str):
                found[key.casefold()] = Code(body)
            else:
                said = self.table(body, f"{where}.{key}", ("code", "display"))
                found[key.casefold()] = Code(
                    self.word(said.get("code", ""), f"{where}.{key}.code"),
                    self.word(said.get("display", ""), f"{where}.{key}.display"),
                )
        return found

    def of_columns(self, value: Any, where: str, columns: Table[str, Column]) -> str:
        name = self.word(value, where)
        if name not in columns:
            raise self.fault(where, f"the file has no column {name!r}; {nearest(name, columns)}")
        if columns[name].ignored:
            raise self.fault(where, f"the column {name!r} is ignored; take that away to use it")
        return name

    def value(self, value: Any, where: str, columns: Table[str, Column]) -> Value:
        """A bare word is a column."""
        if isinstance(value, str):
            return Value(column=self.of_columns(value, where, columns))
        said = self.table(
            value, where, ("column", "value", "map", "otherwise", "present", "absent", "system", "unit", "refers_to",
                           "is_organisation", "is_source")
        )  # fmt: skip
        made = Value(
            column=self.of_columns(said["column"], where, columns) if "column" in said else "",
            constant=self.word(said.get("value", ""), f"{where}.value"),
            is_organisation=self.flag(said.get("is_organisation", "false"), f"{where}.is_organisation"),
            is_source=self.flag(said.get("is_source", "false"), f"{where}.is_source"),
            **{
                name: self.word(said.get(name, ""), f"{where}.{name}")
                for name in ("map", "otherwise", "present", "absent", "system", "unit", "refers_to")
            },
        )
        if sum(map(bool, (made.column, made.constant, made.is_source))) != 1:
            raise self.fault(where, "say one of column, value or is_source")
        return made

    def resource(self, name: str, value: Any, where: str, columns: Table[str, Column]) -> Resource:
        said = self.table(value, where, ("type", "when", "reference", "elements", "extensions"))
        for key in ("type", "reference", "elements"):
            if key not in said:
                raise self.fault(f"{where}.{key}", "is missing; every resource says it")
        elements = {}
        for path, body in self.table(said["elements"], f"{where}.elements").items():
            place = f"{where}.elements.{path}"
            items = body if isinstance(body, list) else [body]
            elements[path] = tuple(self.value(item, place, columns) for item in items)
        when = {
            self.of_columns(column, f"{where}.when", columns): self.words(body, f"{where}.when.{column}")
            for column, body in self.table(said.get("when", {}), f"{where}.when").items()
        }
        reference = self.words(said["reference"], f"{where}.reference")
        return Resource(
            name,
            self.word(said["type"], f"{where}.type"),
            when,
            tuple(self.of_columns(one, f"{where}.reference", columns) for one in reference),
            elements,
            {
                url: self.value(body, f"{where}.extensions.{url}", columns)
                for url, body in self.table(said.get("extensions", {}), f"{where}.extensions").items()
            },
        )

    def passed(self, name: str, value: Any, where: str, columns: Table[str, Column]) -> Passed:
        said = self.table(value, where, (*DOORS, "at"))
        doors = [door for door in DOORS if door in said]
        if len(doors) != 1:
            raise self.fault(where, f"say one of {', '.join(DOORS)}")
        at = self.of_columns(said["at"], f"{where}.at", columns) if "at" in said else ""
        return Passed(name, doors[0], self.of_columns(said[doors[0]], where, columns), at)
