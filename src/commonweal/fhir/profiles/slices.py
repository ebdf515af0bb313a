"""Slicing: which slice of a repeating element a value belongs to, and what its slice asks of it.

https://hl7.org/fhir/R4/profiling.html#slicing. Discriminators of every type R4 has: value, pattern, exists, type and
profile, along paths with extension(), resolve() and ofType(). A value that cannot be told apart is reported as not
checked; it is never counted as fitting.
"""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from commonweal.fhir.fhirpath.errors import EvaluationFault, NotChecked, SyntaxFault
from commonweal.fhir.fhirpath.rules import Run as Path
from commonweal.fhir.fhirpath.rules import compile_path
from commonweal.fhir.profiles.combining import ItemCheck, Sorter, counting
from commonweal.fhir.profiles.elements import Item
from commonweal.fhir.profiles.faults import Faults, Run, below, fault, plus
from commonweal.fhir.profiles.library import CORE
from commonweal.fhir.profiles.shape import Shape
from commonweal.fhir.profiles.values import binding_check, holds_pattern, type_of_target, valued

if TYPE_CHECKING:
    from commonweal.fhir.profiles.compile import Compiler

Fits = Callable[[Item, Run], bool]
_STEP = re.compile(r"extension\('[^']*'\)|ofType\(\w+\)|resolve\(\)|\$this|[A-Za-z]\w*(?:\[x\])?")
_BY_URL = {"discriminator": [{"type": "value", "path": "url"}], "rules": "open"}
_BY_TYPE = {"discriminator": [{"type": "type", "path": "$this"}], "rules": "open"}


def sorter(shape: Shape, checks: Mapping[str, ItemCheck | None], compiler: "Compiler") -> Sorter:
    """The check that sorts an element's values into the slices of ``shape`` and holds each slice to its own."""
    slicing = shape.data.get("slicing") or _implied(shape)
    told: dict[str, Fits] = {}
    why = "" if slicing else "it has no discriminator"
    for name, part in shape.slices.items():
        try:
            told[name] = _fits(shape, part, slicing or {}, compiler)
        except (NotChecked, SyntaxFault) as fault_:
            why = str(fault_)
    if why:
        said = f"slices of {shape.name} are not checked: {why}"[:300]

        def unable(items: list[Item], run: Run) -> Faults:
            run.cannot(shape.name, said)
            return None

        return unable
    return _sorted(shape, slicing or {}, told, checks)


def _implied(shape: Shape) -> dict[str, Any] | None:
    if shape.name in ("extension", "modifierExtension"):
        return _BY_URL
    return _BY_TYPE if shape.name.endswith("[x]") else None


def _sorted(
    shape: Shape,
    slicing: Mapping[str, Any],
    told: Mapping[str, Fits],
    checks: Mapping[str, ItemCheck | None],
) -> Sorter:
    counts = {
        name: counting(f"{shape.name}:{name}", part.data.get("min", 0), part.data.get("max", "*"))
        for name, part in shape.slices.items()
    }
    order = {name: place for place, name in enumerate(told)}
    rules, ordered = slicing.get("rules", "open"), slicing.get("ordered") is True
    # A slice of a slice (a/b) is a value of both.
    finest = sorted(told, key=lambda name: -name.count("/"))

    def sort(items: list[Item], run: Run) -> Faults:
        found: Faults = None
        filled = dict.fromkeys(told, 0)
        last, loose = -1, False
        for item in items:
            try:
                slot = next((name for name in finest if told[name](item, run)), None)
            except EvaluationFault as why:
                run.cannot(item.path, f"slices of {shape.name} are not checked: {why}"[:300])
                return found
            if slot is None:
                loose = True
                if rules == "closed":
                    message = f"fits none of {', '.join(told)}, and the profile allows no other"
                    found = plus(found, fault(item.path, "slice-closed", None, message))
                continue
            if (ordered and order[slot] < last) or (loose and rules == "openAtEnd"):
                message = f"stands after what the profile puts behind it ({slot})"
                found = plus(found, fault(item.path, "slice-order", None, message))
            last = max(last, order[slot])
            for name in _lineage(slot):
                if name in filled:
                    filled[name] += 1
                check = checks.get(name)
                one = check(item, run) if check else None
                if one is not None:
                    found = plus(found, below(item.path, one))
        for name, count in filled.items():
            found = plus(found, counts[name](count))
        return found

    return sort


def _lineage(name: str) -> list[str]:
    parts = name.split("/")
    return ["/".join(parts[: depth + 1]) for depth in range(len(parts))]


def _fits(shape: Shape, part: Shape, slicing: Mapping[str, Any], compiler: "Compiler") -> Fits:
    """Whether a value is of slice ``part``: every discriminator says so. Raises ``NotChecked``."""
    tests = [_discriminated(shape, part, one, compiler) for one in slicing.get("discriminator", ())]
    if not tests:
        raise NotChecked("it has no discriminator")
    if len(tests) == 1:
        return tests[0]
    return lambda item, run: all(test(item, run) for test in tests)


def _discriminated(shape: Shape, part: Shape, discriminator: Mapping[str, Any], compiler: "Compiler") -> Fits:
    kind, path = discriminator.get("type"), str(discriminator.get("path", "$this"))
    if kind == "type" and path == "$this":
        codes = {one["code"] for one in part.types}
        return lambda item, run: item.type in codes
    ends, resolved = _ends(part, path, compiler)
    values = compile_path(path)
    match kind:
        case "value" | "pattern":
            return _by_value(shape, part, path, ends, values, compiler)
        case "exists":
            return _by_existence(path, ends, values)
        case "type":
            return _by_type(path, ends, values, resolved, compiler)
        case "profile":
            return _by_profile(path, ends, values, resolved, compiler)
    raise NotChecked(f"discriminator {kind} is not known")


def _ends(part: Shape, path: str, compiler: "Compiler") -> tuple[list[Shape], bool]:
    """The elements that ``path`` leads to from ``part``, in the profiles of its types too; whether it resolves."""
    heres, resolved = [part], False
    for step in _STEP.findall(path):
        if step == "$this":
            continue
        if step == "resolve()":
            resolved = True
            continue
        heres = [found for here in heres for found in _onward(here, step, resolved, compiler)]
    return heres, resolved


def _onward(here: Shape, step: str, resolved: bool, compiler: "Compiler") -> list[Shape]:
    if step.startswith("ofType("):
        return [here]
    roots = [here]
    for kind in here.types:
        urls = kind.get("targetProfile" if resolved else "profile", ())
        roots += [root for url in urls if (root := compiler.library.shape(url)) is not None]
    if step.startswith("extension("):
        url = step[11:-2]
        found = [
            one
            for root in roots
            if "extension" in root.children
            for one in root.children["extension"].slices.values()
            if any(url in kind.get("profile", ()) for kind in one.types)
        ]
        return found[:1]
    for root in roots:
        child = root.children.get(step) or root.children.get(step + "[x]")
        if child is not None and (_tells(child) or root is roots[-1]):
            return [child, *child.slices.values()]
    return []


def _tells(shape: Shape) -> bool:
    """Whether there is anything in the element that a value could be told by."""
    keys = shape.data
    if (
        any(key.startswith(("fixed", "pattern")) for key in keys)
        or keys.get("binding", {}).get("strength") == "required"
    ):
        return True
    return any(_tells(child) for child in [*shape.children.values(), *shape.slices.values()])


def _by_value(shape: Shape, part: Shape, path: str, ends: list[Shape], values: Path, compiler: "Compiler") -> Fits:
    urls = [url for kind in part.types for url in kind.get("profile", ())]
    if path == "url" and shape.name in ("extension", "modifierExtension") and urls:
        addresses = {url.partition("|")[0] for url in urls}
        return lambda item, run: isinstance(item.value, dict) and item.value.get("url") in addresses
    tests = [test for end in ends if (test := _value_test(end, compiler)) is not None]
    if not tests:
        raise NotChecked(f"the profile gives no value at {path} to tell a slice by")

    def fits(item: Item, run: Run) -> bool:
        found = values([item.value], run.around)
        return any(test(one, run) for one in found for test in tests)

    return fits


def _value_test(shape: Shape, compiler: "Compiler") -> Callable[[Any, Run], bool] | None:
    """Whether a value has what the element fixes, here or below."""
    fixed, pattern = valued(shape.data, "fixed"), valued(shape.data, "pattern")
    if fixed is not None:
        return lambda value, run: bool(value == fixed)
    if pattern is not None:
        return lambda value, run: holds_pattern(value, pattern)
    parts = [(child.name, test) for child in shape.children.values() if (test := _value_test(child, compiler))]
    if parts:
        return lambda value, run: (
            isinstance(value, dict)
            and all(any(test(one, run) for one in _listed(value.get(name))) for name, test in parts)
        )
    binding = shape.data.get("binding", {})
    if binding.get("strength") == "required" and shape.types:
        check = binding_check(binding, shape.types[0]["code"], compiler.terms, by_structure=False)
        if check is not None:
            return _bound_test(check, str(binding.get("valueSet")))
    return None


def _bound_test(check: Callable[[Any, Run], Faults], url: str) -> Callable[[Any, Run], bool]:
    def test(value: Any, run: Run) -> bool:
        trial = Run(run.around)
        found = check(value, trial)
        if trial.unchecked:
            raise NotChecked(f"the slice is told by {url}, which is not loaded")
        return not found

    return test


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _by_existence(path: str, ends: list[Shape], values: Path) -> Fits:
    if not ends:
        raise NotChecked(f"the profile says nothing of {path}")
    if ends[0].data.get("max") == "0":
        return lambda item, run: not values([item.value], run.around)
    if ends[0].data.get("min", 0) > 0:
        return lambda item, run: bool(values([item.value], run.around))
    raise NotChecked(f"the profile does not say whether {path} is to be there")


def _by_type(path: str, ends: list[Shape], values: Path, resolved: bool, compiler: "Compiler") -> Fits:
    codes: set[str] = set()
    for end in ends:
        for kind in end.types:
            if resolved and kind["code"] in ("Reference", "canonical"):
                urls = kind.get("targetProfile", ())
                codes.update(type_of_target(url) or compiler.library.type_of(url) for url in urls)
            else:
                codes.add(kind["code"])
    codes.discard("")
    if not codes:
        raise NotChecked(f"the profile gives no type at {path}")
    return lambda item, run: any(_is_one_of(one, codes) for one in values([item.value], run.around))


def _is_one_of(value: Any, codes: set[str]) -> bool:
    kind = value.get("resourceType") if isinstance(value, dict) else getattr(value, "type", None)
    if kind is None:
        raise NotChecked("JSON does not say of what type a value is")
    return kind in codes


def _by_profile(path: str, ends: list[Shape], values: Path, resolved: bool, compiler: "Compiler") -> Fits:
    key = "targetProfile" if resolved else "profile"
    urls = [url for end in ends for kind in end.types for url in kind.get(key, ())]
    if not urls:
        raise NotChecked(f"the profile names no profile at {path}")
    checks = []
    for url in urls:
        shape = compiler.library.shape(url)
        if shape is None:
            raise NotChecked(f"{url} is not loaded")
        checks.append((url.startswith(CORE), shape.name, compiler.lazy_profile(url)))

    def conforms(value: Any, run: Run) -> bool:
        for core, kind, check in checks:
            if isinstance(value, dict) and value.get("resourceType") in (kind, None):
                found = None if core else check(value, run)
                if not any(one[4] == "error" for one in found or ()):
                    return True
            elif not isinstance(value, dict):
                raise NotChecked("the resource referred to is not at hand")
        return False

    return lambda item, run: any(conforms(one, run) for one in values([item.value], run.around))
