"""A profile as a tree of elements, each with its constraints, its parts and its slices.

https://hl7.org/fhir/R4/elementdefinition.html. An element's *data* are the keys of its ElementDefinition as they are.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from commonweal.fhir.profiles.errors import SnapshotFault

Json = dict[str, Any]
DEEPEST = 40  # parts of an element id; the deepest published one has under 15


@dataclass(slots=True)
class Shape:
    """One element: ``children`` by name (choices end in ``[x]``), ``slices`` by slice name."""

    name: str
    data: Json
    children: dict[str, "Shape"] = field(default_factory=dict)
    slices: dict[str, "Shape"] = field(default_factory=dict)

    @property
    def types(self) -> list[Json]:
        """The element's types, each with ``code`` and maybe ``profile`` and ``targetProfile``."""
        found: list[Json] = self.data.get("type", [])
        return found

    def copy(self) -> "Shape":
        """An independent copy, slices left out: what a new slice starts from."""
        data = {key: value for key, value in self.data.items() if key not in ("slicing", "sliceName", "mustSupport")}
        return Shape(self.name, data, {name: child.deep() for name, child in self.children.items()})

    def deep(self) -> "Shape":
        """An independent copy with everything."""
        return Shape(
            self.name,
            dict(self.data),
            {name: child.deep() for name, child in self.children.items()},
            {name: part.deep() for name, part in self.slices.items()},
        )

    def elements(self, ident: str = "", path: str = "") -> Iterator[Json]:
        """The tree as ElementDefinitions in order, ids and paths written out: a snapshot."""
        ident, path = ident or self.name, path or self.name
        yield {**self.data, "id": ident, "path": path}
        for child in self.children.values():
            yield from child.elements(f"{ident}.{child.name}", f"{path}.{child.name}")
        for name, part in self.slices.items():
            yield from (
                {**element, "sliceName": name} if element["id"] == f"{ident}:{name}" else element
                for element in part.elements(f"{ident}:{name}", path)
            )


Step = tuple[str, str]  # element name, slice name or ''


def steps(ident: str) -> list[Step]:
    """``Patient.identifier:nhs.use`` → [(Patient, ''), (identifier, nhs), (use, '')]. Raises ``SnapshotFault``."""
    parts = ident.split(".")
    if len(parts) > DEEPEST:
        raise SnapshotFault(f"{ident[:60]}…: more than {DEEPEST} levels")
    found = []
    for part in parts:
        name, _, piece = part.partition(":")
        found.append((name, piece))
    return found


def identified(elements: Iterable[Mapping[str, Any]]) -> Iterator[tuple[list[Step], Mapping[str, Any]]]:
    """Each element with its steps; where an older package gives no ids, from its path and the slice last opened."""
    opened: dict[str, str] = {}
    for element in elements:
        path = element.get("path", "")
        if not isinstance(path, str) or not path:
            raise SnapshotFault("an element has no path")
        ident = element.get("id")
        if isinstance(ident, str) and _plain(ident) == path:
            yield steps(ident), element
            continue
        for old in [one for one in opened if one == path or one.startswith(path + ".")]:
            del opened[old]
        if "sliceName" in element:
            opened[path] = element["sliceName"]
        names = path.split(".")
        prefixes = [".".join(names[: depth + 1]) for depth in range(len(names))]
        yield [(name, opened.get(prefix, "")) for name, prefix in zip(names, prefixes, strict=True)], element


def _plain(ident: str) -> str:
    return ".".join(part.partition(":")[0] for part in ident.split("."))


def tree(elements: Iterable[Mapping[str, Any]]) -> Shape:
    """The tree of a whole snapshot. Raises ``SnapshotFault`` when an element has no parent before it."""
    root: Shape | None = None
    for way, element in identified(elements):
        data = {key: value for key, value in element.items() if key not in ("id", "path", "sliceName")}
        if root is None:
            root = Shape(way[0][0], data)
            continue
        here = root
        for name, piece in way[1:-1]:
            here = _step(here, name, piece, way)
        name, piece = way[-1]
        if piece:
            # Some published snapshots list a slice and leave out the element it slices.
            parent = here.children.setdefault(name, Shape(name, {"min": 0, "max": data.get("max", "*")}))
            parent.slices[piece] = Shape(name, data)
        else:
            here.children[name] = Shape(name, data)
    if root is None:
        raise SnapshotFault("there are no elements")
    return root


def _step(here: Shape, name: str, piece: str, way: list[Step]) -> Shape:
    found = here.children.get(name)
    if found is not None and piece:
        found = found.slices.get(piece)
    if found is None:
        ident = ".".join(one + (f":{part}" if part else "") for one, part in way)
        raise SnapshotFault(f"{ident}: the element above it is missing")
    return found
