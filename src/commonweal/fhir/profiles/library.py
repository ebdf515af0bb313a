"""The definitions at hand: R4's own and those a deployer has loaded."""

from collections.abc import Callable, Iterable, Mapping
from threading import RLock
from typing import Any

from commonweal.fhir.profiles.base import CORE, base
from commonweal.fhir.profiles.errors import SnapshotFault
from commonweal.fhir.profiles.shape import Shape, tree
from commonweal.fhir.profiles.snapshot import grow

Definition = Mapping[str, Any]
_LONGEST_CHAIN = 20  # profiles on profiles; published ones go five deep


class Library:
    """StructureDefinitions by canonical address, their trees made when first asked for.

    ``find``: the definition at an address (``url`` or ``url|version``), or ``None``. R4's base types need none.
    """

    def __init__(self, find: Callable[[str], Definition | None]) -> None:
        self._find = find
        self._shapes: dict[str, Shape | None] = {}
        self._making: list[str] = []
        self._lock = RLock()  # a server's threads share one library
        self.faults: dict[str, str] = {}

    @classmethod
    def of(cls, definitions: Iterable[Definition]) -> "Library":
        """A library of definitions in memory; of two with one address the later wins."""
        found: dict[str, Definition] = {}
        for one in definitions:
            if one.get("resourceType") == "StructureDefinition" and isinstance(one.get("url"), str):
                found[one["url"]] = one
                if isinstance(one.get("version"), str):
                    found[f"{one['url']}|{one['version']}"] = one
        return cls(found.get)

    def definition(self, url: str) -> Definition | None:
        """The loaded StructureDefinition at ``url``; ``None`` for R4's own base types, too."""
        return self._find(url)

    def shape(self, url: str) -> Shape | None:
        """The tree at ``url``: not loaded, or not to be put together (then ``faults[url]`` says why) is ``None``."""
        if url in self._shapes:
            return self._shapes[url]
        with self._lock:
            found = base(url.partition("|")[0])
            if found is None:
                found = self._made(url)
            self._shapes[url] = found
            return found

    def _made(self, url: str) -> Shape | None:
        definition = self._find(url)
        if definition is None:
            return None
        if url in self._making or len(self._making) > _LONGEST_CHAIN:
            raise SnapshotFault(f"{url} is its own base")
        self._making.append(url)
        try:
            elements = definition.get("snapshot", {}).get("element")
            return tree(elements) if elements else grow(definition, self.shape)
        except SnapshotFault as fault:
            self.faults[url] = str(fault)
        except (AttributeError, KeyError, TypeError, ValueError) as fault:
            self.faults[url] = f"its elements cannot be read ({type(fault).__name__}: {fault})"
        finally:
            self._making.pop()
        return None

    def type_of(self, url: str) -> str:
        """The resource or data type that the definition at ``url`` is on; '' if it is not loaded."""
        shape = self.shape(url)
        return shape.name if shape else ""

    def must_support(self, url: str) -> list[str]:
        """Ids of the elements the profile marks as *must support*: listed, since only a system's conduct shows it."""
        shape = self.shape(url)
        return [element["id"] for element in shape.elements() if element.get("mustSupport")] if shape else []


__all__ = ["CORE", "Definition", "Library"]
