"""The elements of an object as a profile sees them: name, type and value, whichever way JSON writes them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from commonweal.fhir.profiles.shape import Shape


@dataclass(frozen=True, slots=True)
class Item:
    """One value of an element: ``path`` as JSON writes it (``name[0]``, ``valueQuantity``), its FHIR type.

    ``sibling`` is the ``_name`` object of a primitive: its id and extensions. https://hl7.org/fhir/R4/json.html#primitive
    """

    path: str
    type: str
    value: Any
    sibling: Any = None

    @property
    def inside(self) -> Any:
        """The object that holds the parts of this value."""
        return self.value if isinstance(self.value, dict) else (self.sibling or {})


Gather = Callable[[dict[str, Any]], list[Item]]


def gatherer(name: str, original: Shape) -> Gather:
    """What finds the values of element ``name`` in an object; ``original`` is R4's own element, with all its types."""
    if name.endswith("[x]"):
        stem = name[:-3]
        keys = {stem + kind["code"][:1].upper() + kind["code"][1:]: kind["code"] for kind in original.types}

        def choice(value: dict[str, Any]) -> list[Item]:
            found: list[Item] = []
            for key in value:
                plain = key[1:] if key[0] == "_" else key
                if plain in keys and (key is plain or plain not in value):
                    found += _items(plain, keys[plain], value)
            return found

        return choice
    code = original.types[0]["code"] if original.types else "BackboneElement"
    sibling = "_" + name

    def plainly(value: dict[str, Any]) -> list[Item]:
        if name in value or sibling in value:
            return _items(name, code, value)
        return []

    return plainly


def _items(name: str, code: str, owner: dict[str, Any]) -> list[Item]:
    value, sibling = owner.get(name), owner.get("_" + name)
    if isinstance(value, list) or isinstance(sibling, list):
        values = value if isinstance(value, list) else []
        siblings = sibling if isinstance(sibling, list) else []
        count = max(len(values), len(siblings))
        return [
            Item(
                f"{name}[{n}]",
                code,
                values[n] if n < len(values) else None,
                siblings[n] if n < len(siblings) else None,
            )
            for n in range(count)
        ]
    return [Item(name, code, value, sibling)]
