"""Snapshots from differentials: what a profile says, laid over what its base says.

https://hl7.org/fhir/R4/profiling.html#snapshot. Elements below a data type are unfolded where the differential goes
there; a slice starts as a copy of the element it slices.
"""

from collections.abc import Callable, Mapping
from typing import Any

from commonweal.fhir.profiles.errors import SnapshotFault
from commonweal.fhir.profiles.shape import Shape, identified

# The tree of a type or profile by its canonical address, ``None`` where it is not loaded.
Find = Callable[[str], "Shape | None"]
_CORE = "http://hl7.org/fhir/StructureDefinition/"
# What a differential replaces; constraints are added up instead.
_REPLACED = (
    *("min", "max", "type", "binding", "slicing", "mustSupport", "maxLength", "isModifier", "short"),
    *("contentReference", "sliceIsConstraining"),
)
_VALUED = ("fixed", "pattern", "minValue", "maxValue")


def grow(definition: Mapping[str, Any], find: Find) -> Shape:
    """The tree of ``definition`` (a StructureDefinition) from its differential. Raises ``SnapshotFault``."""
    base_url = str(definition.get("baseDefinition", ""))
    base = find(base_url)
    if base is None:
        raise SnapshotFault(f"its base {base_url or '(none named)'} is not loaded; add the package that has it")
    root = base.deep()
    for way, element in identified(definition.get("differential", {}).get("element", ())):
        if way[0][0] != root.name:
            raise SnapshotFault(f"{element['path']}: the profile is on {root.name}")
        here = root
        for name, piece in way[1:]:
            here = _below(here, name, piece, root, find)
        _merge(here, element)
    return root


def _below(here: Shape, name: str, piece: str, root: Shape, find: Find) -> Shape:
    """The part ``name`` (its slice ``piece``) of ``here``, unfolded or sliced off if that is not done yet."""
    unfold(here, root, find)
    child = here.children.get(name)
    if child is None:
        stem = next((one for one in here.children if one.endswith("[x]") and name.startswith(one[:-3])), None)
        if stem is None:
            raise SnapshotFault(f"{here.name} has no element {name}")
        # valueQuantity stands for the slice of value[x] that is a Quantity.
        child, kind = here.children[stem], name[len(stem) - 3 :]
        slot = child.slices.get(name)
        if slot is None:
            slot = _sliced(child, name)
            slot.data["type"] = [one for one in child.types if one["code"].lower() == kind.lower()] or [{"code": kind}]
        return slot
    if not piece:
        return child
    return child.slices.get(piece) or _sliced(child, piece)


def _sliced(child: Shape, piece: str) -> Shape:
    """A new slice of ``child``; of a slice of it where the name says so (``a/b`` slices a again)."""
    origin = child.slices.get(piece.rpartition("/")[0], child)
    part = origin.copy()
    part.data["min"] = 0
    if child.name.endswith("[x]") and len(child.types) > 1 and piece.startswith(child.name[:-3]):
        kind = piece[len(child.name) - 3 :].lower()
        part.data["type"] = [one for one in child.types if one["code"].lower() == kind] or child.types
    child.slices[piece] = part
    return part


def unfold(here: Shape, root: Shape, find: Find) -> None:
    """Give ``here`` the parts its type has, if it has none yet. Raises ``SnapshotFault`` where there is no one type."""
    if here.children:
        return
    reference = here.data.get("contentReference")
    if reference:
        origin = root
        for name in str(reference).rpartition("#")[2].split(".")[1:]:
            origin = origin.children[name]
        here.children = {name: child.deep() for name, child in origin.children.items()}
        return
    if len(here.types) != 1:
        raise SnapshotFault(f"{here.name} may be of several types; say which before constraining its parts")
    kind = here.types[0]
    for url in [*kind.get("profile", ()), _CORE + str(kind.get("code"))]:
        found = find(url)
        if found is not None:
            here.children = {name: child.deep() for name, child in found.children.items()}
            if found.data.get("constraint"):
                here.data.setdefault("constraint", found.data["constraint"])
            return
    raise SnapshotFault(f"{here.name}: its type {kind.get('code')} is not loaded")


def _merge(here: Shape, element: Mapping[str, Any]) -> None:
    for key, value in element.items():
        if key == "constraint":
            known = {rule["key"] for rule in value}
            here.data["constraint"] = [r for r in here.data.get("constraint", ()) if r["key"] not in known] + [*value]
        elif key in _REPLACED or key.startswith(_VALUED):
            here.data[key] = value
