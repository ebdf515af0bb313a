"""Trees compiled to checks: of R4's own types (invariants, further bindings), and of what a profile adds to them.

A profile is compiled against R4's own definition of each element, and what that already says is left out: structure,
cardinality and listed codes are :mod:`commonweal.fhir.validate`'s, which runs first.
"""

from collections.abc import Callable, Iterable
from typing import Any

from commonweal.fhir import definitions
from commonweal.fhir.profiles.combining import (
    ItemCheck,
    Sorter,
    by_type,
    cardinality,
    every,
    gathered,
    of_types,
    on_value,
    type_named,
    within,
)
from commonweal.fhir.profiles.elements import Item, gatherer
from commonweal.fhir.profiles.faults import Check, Faults, Run, fault, together
from commonweal.fhir.profiles.library import CORE, Library
from commonweal.fhir.profiles.shape import Shape
from commonweal.fhir.profiles.slices import sorter
from commonweal.fhir.profiles.terms import Terms
from commonweal.fhir.profiles.values import binding_check, constraint_checks, fixed_checks, type_of_target

_EXTENSIONS = ("extension", "modifierExtension")
_NONE: frozenset[str] = frozenset()


class Compiler:
    """Compiles types and profiles, each once. ``nested``: how a resource inside another is judged."""

    def __init__(self, library: Library, terms: Terms, nested: ItemCheck) -> None:
        self.library = library
        self.terms = terms
        self._nested = nested
        self._types: dict[str, Check | None] = {}
        self._profiles: dict[str, Check | None] = {}
        self._repeated: dict[str, Check] = {}
        self._rich: frozenset[str] | None = None

    # R4's own types -------------------------------------------------------------------------------------------------

    def of_type(self, code: str) -> Check | None:
        """Invariants and bindings of R4's type ``code`` and of all below it, structure aside; None: it has none."""
        if code not in self._types:
            shape = self.library.shape(CORE + code)
            self._types[code] = self._object(shape, shape) if shape is not None else None
        return self._types[code]

    def _lazy_type(self, code: str) -> Check | None:
        if code not in self._rich_types():
            return None
        made: Check | None = None

        def check(value: Any, run: Run) -> Faults:
            nonlocal made
            made = made or self.of_type(code)
            return made(value, run) if made else None

        return check

    def _rich_types(self) -> frozenset[str]:
        """Data types with something to check in them or below: the others are not walked."""
        if self._rich is None:
            uses: dict[str, set[str]] = {}
            rich: set[str] = set()
            for code in definitions.paths() - definitions.resource_types():
                shape = self.library.shape(CORE + code) if "." not in code else None
                if shape is not None:
                    uses[code] = set()
                    if self._own(shape, code, uses[code]):
                        rich.add(code)
            grown = True
            while grown:
                more = {code for code, used in uses.items() if code not in rich and used & rich}
                rich |= more
                grown = bool(more)
            self._rich = frozenset(rich)
        return self._rich

    def _own(self, shape: Shape, code: str, uses: set[str]) -> bool:
        found = bool(self._rules(shape, code, _NONE)) or self._bindings(shape, shape) != {}
        for child in shape.children.values():
            if child.name not in _EXTENSIONS:
                uses.update(kind["code"] for kind in child.types)
                found = self._own(child, child.types[0]["code"] if child.types else "", uses) or found
        return found

    # Objects and elements -------------------------------------------------------------------------------------------

    def of_profile(self, url: str) -> Check | None:
        """What the profile at ``url`` adds to R4; None when it is not loaded (or nothing more than R4)."""
        if url not in self._profiles:
            shape = self.library.shape(url)
            original = self.library.shape(CORE + shape.name) if shape is not None else None
            self._profiles[url] = self._object(shape, original) if shape and original else None
        return self._profiles[url]

    def lazy_profile(self, url: str) -> Check:
        """The check of a profile, compiled when first needed: profiles refer to each other."""
        made: Check | None = None
        known = False

        def check(value: Any, run: Run) -> Faults:
            nonlocal made, known
            if not known:
                made, known = self.of_profile(url), True
            return made(value, run) if made else None

        return check

    def _object(self, shape: Shape, original: Shape) -> Check | None:
        """Invariants on an object and checks of its elements."""
        kind = shape.name if "." not in shape.name else ""
        checks: list[Check] = list(self._rules(shape, kind, self._keys(shape, original)))
        parts = self._parts(shape, original)
        if parts is not None:
            checks.append(parts)
        return together(checks)

    def _keys(self, shape: Shape, original: Shape) -> frozenset[str]:
        return _NONE if shape is original else frozenset(rule["key"] for rule in original.data.get("constraint", ()))

    def _rules(self, shape: Shape, kind: str, known: frozenset[str]) -> list[Check]:
        return constraint_checks(shape.data.get("constraint", ()), kind, known)

    def _parts(self, shape: Shape, original: Shape) -> Check | None:
        # With the name and sibling that must be there for the check to have anything to do; '' where it always has.
        elements: list[tuple[str, str, Callable[[dict[str, Any], Run], Faults]]] = []
        for name, child in shape.children.items():
            known = original.children.get(name)
            if known is None or (shape is original and name in _EXTENSIONS):
                continue
            check = self._element(child, known)
            if check is not None:
                idle = "" if name.endswith("[x]") or child.slices or cardinality(child, known) else name
                elements.append((idle, "_" + idle, check))
        if not elements:
            return None

        def parts(value: Any, run: Run) -> Faults:
            if value.__class__ is not dict:
                return None
            found: Faults = None
            for name, sibling, element in elements:
                if name and name not in value and sibling not in value:
                    continue
                one = element(value, run)
                if one is not None:
                    found = one if found is None else found + one
            return found

        return parts

    def _element(self, shape: Shape, known: Shape) -> Callable[[dict[str, Any], Run], Faults] | None:
        gather = gatherer(shape.name, known)
        each = self._item(shape, known)
        counted = cardinality(shape, known)
        sort = self._slices(shape, known)
        if each is None and counted is None and sort is None:
            return None
        return gathered(gather, each, counted, sort)

    def _slices(self, shape: Shape, known: Shape) -> Sorter | None:
        if not shape.slices:
            return None
        checks = {name: self._item(part, known) for name, part in shape.slices.items()}
        return sorter(shape, checks, self)

    def _item(self, shape: Shape, known: Shape) -> ItemCheck | None:
        """The check of one value of an element, or None when R4 itself says all."""
        base = shape is known
        checks: list[ItemCheck] = [] if base else [*self._narrowed(shape, known)]
        if not base:
            checks += [on_value(check) for check in fixed_checks(shape.data)]
        bound = self._bindings(shape, known)
        codes = by_type(bound)
        if codes is not None:
            checks.append(codes)
        keys = self._keys(shape, known)
        kinds = [kind["code"] for kind in shape.types] or [""]
        rules = {kind: together(self._rules(shape, kind, keys)) for kind in kinds}
        judged = by_type(rules) if len(rules) > 1 else on_value(rules[kinds[0]])
        if judged is not None:
            checks.append(judged)
        inside = self._inside(shape, known)
        if inside is not None:
            checks.append(inside)
        return every(checks)

    def _inside(self, shape: Shape, known: Shape) -> ItemCheck | None:
        """The check of what is inside a value: its own parts as the profile has them, or its type's."""
        if shape is known:
            if shape.children:
                return within(self._parts(shape, shape))
            if "contentReference" in shape.data:
                return within(self._again(str(shape.data["contentReference"])))
            if any(kind["code"] in ("Resource", "DomainResource") for kind in shape.types):
                return self._nested
            return by_type({kind["code"]: self._lazy_type(kind["code"]) for kind in shape.types})
        if not shape.children:
            return None
        original = self._unfolded(shape, known)
        return within(self._parts(shape, original)) if original is not None else None

    def _unfolded(self, shape: Shape, known: Shape) -> Shape | None:
        """R4's own element with the parts its type has, to compare a profile's parts with."""
        if known.children:
            return known
        reference = known.data.get("contentReference")
        if reference:
            return self._referred(str(reference))
        return self.library.shape(CORE + shape.types[0]["code"]) if shape.types else None

    def _referred(self, reference: str) -> Shape | None:
        path = reference.rpartition("#")[2].split(".")
        here = self.library.shape(CORE + path[0])
        for name in path[1:]:
            here = here.children.get(name) if here else None
        return here

    def _again(self, reference: str) -> Check:
        """The check of an element that holds elements like one above it (Questionnaire.item.item)."""
        if reference in self._repeated:
            return self._repeated[reference]
        made: Check | None = None
        known = False

        def check(value: Any, run: Run) -> Faults:
            nonlocal made, known
            if not known:
                target = self._referred(reference)
                made = self._object(target, target) if target else None
                known = True
            return made(value, run) if made else None

        self._repeated[reference] = check
        return check

    # What a profile narrows -----------------------------------------------------------------------------------------

    def _bindings(self, shape: Shape, known: Shape) -> dict[str, Check | None]:
        binding = shape.data.get("binding")
        if not binding or (shape is not known and binding == known.data.get("binding")):
            return {}
        same = binding.get("valueSet", "").partition("|")[0] == known.data.get("binding", {}).get("valueSet")
        found: dict[str, Check | None] = {}
        for kind in shape.types or known.types:
            check = binding_check(binding, kind["code"], self.terms, by_structure=same)
            if check is not None:
                found[kind["code"]] = check
        return found

    def _narrowed(self, shape: Shape, known: Shape) -> Iterable[ItemCheck]:
        if not shape.types or shape.types == known.types:
            return
        codes = {kind["code"] for kind in shape.types}
        if known.types and codes < {kind["code"] for kind in known.types}:
            yield of_types(codes)
        targets = {kind["code"]: kind["targetProfile"] for kind in shape.types if "targetProfile" in kind}
        former = {kind["code"]: kind.get("targetProfile") for kind in known.types}
        for code, urls in targets.items():
            if code == "Reference" and urls != former.get(code):
                yield self._targets(urls)
        for kind in shape.types:
            urls = kind.get("profile")
            if urls and kind["code"] != "Extension" and kind not in known.types:
                yield self._of_profiles(kind["code"], urls)

    def _targets(self, urls: list[str]) -> ItemCheck:
        """The types a reference may name; the profile of what it names is not followed."""
        types: set[str] = set()
        unknown = []
        for url in urls:
            kind = type_of_target(url) or self.library.type_of(url)
            if kind:
                types.add(kind)
            else:
                unknown.append(url)
        shown = ", ".join(sorted(types))

        def check(item: Item, run: Run) -> Faults:
            literal = item.value.get("reference") if isinstance(item.value, dict) else None
            if not isinstance(literal, str) or "Resource" in types:
                return None
            kind = type_named(literal, run)
            if not kind or kind in types:
                return None
            if unknown:
                run.cannot(item.path, f"reference targets are not checked: {unknown[0]} is not loaded")
                return None
            return fault("reference", "reference-target", literal, f"may refer only to {shown}")

        return check

    def _of_profiles(self, code: str, urls: list[str]) -> ItemCheck:
        """A value of type ``code`` conforms to at least one of ``urls``."""
        checks = [(url, self.lazy_profile(url)) for url in urls]

        def check(item: Item, run: Run) -> Faults:
            if item.type != code or item.value is None:
                return None
            found: Faults = None
            for url, one in checks:
                if self.library.shape(url) is None:
                    run.cannot(item.path, f"{url} is not checked: {self.library.faults.get(url, 'it is not loaded')}")
                    return None
                found = one(item.value, run)
                if not any(f[4] == "error" for f in found or ()):
                    return found
            return found

        return check
