"""Validation of a resource against R4 and profiles: https://hl7.org/fhir/R4/validation.html

Four steps: structure (:mod:`commonweal.fhir.validate`), R4's own invariants and bindings, the profiles the resource
claims or is held to, and its extensions. What could not be judged is said as *information*, never passed in silence.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from commonweal.fhir import definitions
from commonweal.fhir.errors import Issue
from commonweal.fhir.fhirpath.rules import Around
from commonweal.fhir.profiles.compile import Compiler
from commonweal.fhir.profiles.elements import Item
from commonweal.fhir.profiles.extensions import context_fault, places
from commonweal.fhir.profiles.faults import NOT_CHECKED, Fault, Faults, Run, below, fault, join, plus
from commonweal.fhir.profiles.library import CORE, Library
from commonweal.fhir.profiles.terms import NoTerms, Terms
from commonweal.fhir.profiles.values import codings
from commonweal.fhir.validate import validate

Json = Mapping[str, Any]
_DEEPEST = 12  # resources inside resources; a Bundle of Bundles of contained ones is three
_SURPRISES = (AttributeError, KeyError, TypeError, ValueError, IndexError)


class Validator:
    """Judges resources against one library and terminology; compiles each profile once and keeps it.

    ``resolve``: the resource a reference names that is not in the resource itself, or ``None``.
    """

    def __init__(
        self, library: Library, terms: Terms | None = None, resolve: Callable[[str], Json | None] | None = None
    ) -> None:
        self.library = library
        self.terms = terms or NoTerms()
        self._resolve = resolve
        self._compiler = Compiler(library, self.terms, self._nested)

    def validate(self, resource: Json, profiles: Iterable[str] = ()) -> list[Issue]:
        """Everything found, structure first; *information* says what was not checked, each once.

        ``profiles``: canonical addresses it is held to, beside those its ``meta.profile`` claims. Never raises,
        whatever JSON it is given.
        """
        issues = validate(resource)
        if not isinstance(resource, dict) or resource.get("resourceType") not in definitions.resource_types():
            return issues
        return [*issues, *self.beyond(resource, profiles)]

    def beyond(self, resource: Json, profiles: Iterable[str] = ()) -> list[Issue]:
        """What :meth:`validate` finds after structure, for whoever has checked that; of a type R4 has."""
        kind = str(resource["resourceType"])
        run = Run(self._around(resource))
        found: list[Fault] = []
        try:
            found += self._whole(resource, run, [*profiles]) or ()
        except RecursionError:
            run.cannot("", "profiles are not checked: the resource is nested too deeply")
        except _SURPRISES as why:  # where structure is broken, a value can be of another kind than any check expects
            run.cannot("", f"profiles are not checked further: correct the structure first ({type(why).__name__})")
        issues = [
            Issue(join(kind, path), rule, shown, message, severity) for path, rule, shown, message, severity in found
        ]
        issues += [Issue(join(kind, path), NOT_CHECKED, "", why, "information") for why, path in run.unchecked.items()]
        return list({(one.field, one.rule, one.message): one for one in issues}.values())

    def held_to(self, resource: Json, url: str) -> list[Issue]:
        """What of the profile at ``url`` alone the resource breaks; R4 itself is not looked at again."""
        kind = str(resource.get("resourceType", ""))
        run = Run(self._around(resource))
        found = self._profile(kind, url, resource, run, asked=True) or []
        return [Issue(join(kind, path), rule, shown, said, severity) for path, rule, shown, said, severity in found]

    def profile_missing(self, url: str) -> str:
        """Why the profile at ``url`` cannot be used; '' when it can."""
        if self.library.shape(url) is not None:
            return ""
        return self.library.faults.get(url, "it is not loaded; add the package that has it")

    def _around(self, resource: Json, root: Any = None, outer: Around | None = None) -> Around:
        return Around(
            resource,
            resource if root is None else root,
            _resolver(resource, root, outer.resolve if outer else self._resolve),
            self._member_of,
            self._conforms,
        )

    def _whole(self, resource: Json, run: Run, profiles: list[str]) -> Faults:
        """R4's rules of the resource's type, its profiles and its extensions."""
        kind = str(resource.get("resourceType"))
        check = self._compiler.of_type(kind)
        found = check(resource, run) if check else None
        meta = resource.get("meta")
        claims = meta.get("profile") if isinstance(meta, dict) else None
        claimed = [one for one in claims if isinstance(one, str)] if isinstance(claims, list) else []
        for url in dict.fromkeys([*profiles, *claimed]):
            found = plus(found, self._profile(kind, url, resource, run, asked=url in profiles))
        return plus(found, self._extensions(resource, run))

    def _profile(self, kind: str, url: str, resource: Json, run: Run, *, asked: bool) -> Faults:
        shape = self.library.shape(url)
        if shape is None:
            why = f"profile {url} is not checked: {self.profile_missing(url)}"
            if asked:
                return fault("", "profile-not-loaded", url, why)
            run.cannot("meta.profile", why)
            return None
        if shape.name not in (kind, "Resource", "DomainResource"):
            where = "" if asked else "meta.profile"
            return fault(where, "profile-type", url, f"this profile is on {shape.name}, not on {kind}")
        check = self._compiler.of_profile(url)
        return check(resource, run) if check else None

    def _extensions(self, resource: Json, run: Run) -> Faults:
        found: Faults = None
        for place in places(resource):
            url = place.value.get("url")
            if not isinstance(url, str) or (place.inside and ":" not in url):
                continue  # parts of a complex extension are named by the definition around them
            definition = self.library.definition(url)
            if definition is None:
                what = "a modifier extension that is not defined here: its owner may not mean what it says"
                if place.modifier:
                    found = plus(found, fault(place.path, "modifier-extension-unknown", url, what, "warning"))
                else:
                    run.cannot(place.path, f"extension {url} is not checked: its definition is not loaded")
                continue
            found = plus(found, context_fault(definition, place, run))
            if self.profile_missing(url):
                run.cannot(place.path, f"extension {url} is not checked: {self.profile_missing(url)}")
                continue
            for check in (self._compiler.of_type("Extension"), self._compiler.of_profile(url)):
                one = check(place.value, run) if check else None
                found = plus(found, below(place.path, one or ()))
        return found

    def _nested(self, item: Item, run: Run) -> Faults:
        """A resource inside another: a contained one has its container as root, an entry's is on its own."""
        value = item.value
        if not isinstance(value, dict) or value.get("resourceType") not in definitions.resource_types():
            return None
        if run.depth >= _DEEPEST:
            run.cannot(item.path, f"resources nested more than {_DEEPEST} deep are not checked")
            return None
        root = run.around.root if item.path.startswith("contained") else None
        inner = Run(self._around(value, root, run.around), {}, run.depth + 1)
        found = self._whole(value, inner, [])
        for why, path in inner.unchecked.items():
            run.cannot(join(item.path, path), why)
        return found

    def _member_of(self, value_set: str, value: Any) -> bool | None:
        kind = "code" if isinstance(value, str) else "CodeableConcept" if "coding" in value else "Coding"
        verdicts = [self.terms.member(value_set, system, code) for system, code in codings(value, kind) or ()]
        return True if True in verdicts else None if None in verdicts else False

    def _conforms(self, url: str, value: Any) -> bool | None:
        shape = self.library.shape(url)
        if shape is None or not isinstance(value, dict):
            return None
        if value.get("resourceType") not in (shape.name, None):
            return False
        check = self._compiler.of_type(shape.name) if url.startswith(CORE) else self._compiler.of_profile(url)
        trial = Run(self._around(value))
        found = check(value, trial) if check else None
        return None if trial.unchecked else not any(one[4] == "error" for one in found or ())


def _resolver(resource: Json, root: Any, outer: Callable[[str], Json | None] | None) -> Callable[[str], Json | None]:
    """Contained resources, then the other entries of a Bundle, then whatever ``outer`` knows."""

    def resolve(literal: str) -> Json | None:
        container = resource if root is None else root
        if literal.startswith("#"):
            if literal == "#":
                return container if isinstance(container, dict) else None
            listed = container.get("contained") or () if isinstance(container, dict) else ()
            return next((one for one in listed if isinstance(one, dict) and one.get("id") == literal[1:]), None)
        if resource.get("resourceType") == "Bundle":
            for entry in resource.get("entry") or ():
                full = entry.get("fullUrl") if isinstance(entry, dict) else None
                if isinstance(full, str) and (full == literal or full.endswith("/" + literal)):
                    found = entry.get("resource")
                    return found if isinstance(found, dict) else None
        return outer(literal) if outer else None

    return resolve
