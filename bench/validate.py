"""R4 validation with required bindings, against fhir.resources' R4B models on the same resources.

Synthea's people (their Bundles taken apart), the UK Core examples and HL7's own, those of each that both accept: what
the two disagree on is counted apart. Ours and theirs alternate, each on parsed JSON as a server has it; processor time
on one core, the median of the pairs' ratios. Rounds see the same resources again, and ours remembers values it has
seen, as it would those of a feed: ``first round`` is the ratio before it has. The second row is the same with every
invariant of R4 and its extensible bindings, as ``$validate`` does. ``required codes made wrong``: of resources whose
status is made a code that R4 does not have, how many each refuses.
"""

import gzip
import json
import os
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from commonweal.fhir.profiles.library import Library
from commonweal.fhir.profiles.validator import Validator
from commonweal.fhir.validate import validate

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("COMMONWEAL_TEST_DATA", ROOT.parent / "shared" / "data"))
EXAMPLES = ROOT / "node_modules" / "hl7.fhir.r4.examples"
ROUNDS = 5
MOST_OF_ONE = 400  # resources of a kind of source
LARGEST = 200_000  # bytes of one example


def _resources() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for file in sorted((DATA / "synthea_r4").glob("*.json.gz"))[:3]:
        bundle = json.loads(gzip.decompress(file.read_bytes()))
        found += [entry["resource"] for entry in bundle["entry"]][:MOST_OF_ONE]
    found += [json.loads(file.read_text("utf-8")) for file in sorted((DATA / "uk_core" / "json").glob("*.json"))]
    files = [file for file in sorted(EXAMPLES.glob("*.json")) if file.stat().st_size < LARGEST]
    found += [json.loads(file.read_text("utf-8")) for file in files[:: max(len(files) // MOST_OF_ONE, 1)]]
    return [one for one in found if "resourceType" in one]


def _models(kinds: set[str]) -> dict[str, Any]:
    found = {}
    for kind in kinds:
        try:
            found[kind] = getattr(import_module(f"fhir.resources.R4B.{kind.lower()}"), kind)
        except ImportError:
            continue
    return found


def _accepts(model: Any, resource: dict[str, Any]) -> bool:
    try:
        model.model_validate(resource)
    except Exception:  # whatever it raises is its way of refusing
        return False
    return True


def _ours(resource: dict[str, Any]) -> list[Any]:
    return [one for one in validate(resource) if one.severity == "error"]


def _seconds(work: Callable[[], Any]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _spoilt(resources: list[dict[str, Any]], models: dict[str, Any]) -> str:
    wrong = [{**one, "status": "no-such-status"} for one in resources if isinstance(one.get("status"), str)]
    ours = sum(bool(_ours(one)) for one in wrong)
    theirs = sum(not _accepts(models[one["resourceType"]], one) for one in wrong)
    return f"of {len(wrong)} ours refuses {ours}, theirs {theirs}"


def _unseen(resources: list[dict[str, Any]], models: dict[str, Any], name: str) -> float:
    """The ratio in a process that has seen none of these values: what is compiled is compiled, nothing else."""
    code = "import sys; sys.path.insert(0, sys.argv[1]); import validate; validate.first(sys.argv[2])"
    done = subprocess.run(
        [sys.executable, "-c", code, str(Path(__file__).parent), name],
        input=json.dumps(resources), capture_output=True, text=True, check=True,
    )  # fmt: skip
    theirs = _seconds(lambda: [models[one["resourceType"]].model_validate(one) for one in resources])
    return theirs / float(done.stdout)


def first(name: str) -> None:
    """Print the seconds that the resources on stdin take, after one of each type has compiled it."""
    resources = json.load(sys.stdin)
    judge = Validator(Library.of([]))
    work: Callable[[Any], Any] = validate if name == "validate" else judge.validate
    seen: set[str] = set()
    warm = [one for one in resources if not (one["resourceType"] in seen or seen.add(one["resourceType"]))]
    for one in warm:
        work(one)
    sys.stdout.write(str(_seconds(lambda: [work(one) for one in resources])))


def run() -> list[dict[str, object]]:
    """Resources a second, ours and theirs, of those both accept; and how many only one refuses."""
    warnings.simplefilter("ignore")
    resources = _resources()
    if not resources:
        return [{"name": "validate", "ours": "no resources", "limit": f"none at {DATA} and {EXAMPLES}", "ratio": None}]
    models = _models({one["resourceType"] for one in resources})
    resources = [one for one in resources if one["resourceType"] in models]
    theirs = [_accepts(models[one["resourceType"]], one) for one in resources]
    refused = [_ours(one) for one in resources]
    both = [one for one, fine, found in zip(resources, theirs, refused, strict=True) if fine and not found]
    only_ours = [found for fine, found in zip(theirs, refused, strict=True) if fine and found]
    codes = sum(any(one.rule == "code-not-in-value-set" for one in found) for found in only_ours)
    only_theirs = sum(not fine and not found for fine, found in zip(theirs, refused, strict=True))
    spoilt = _spoilt(both, models)
    judge = Validator(Library.of([]))
    for one in both:  # compiled before it is timed, as in a server; theirs are at import
        judge.validate(one)
    work: dict[str, Callable[[], Any]] = {
        "theirs": lambda: [models[one["resourceType"]].model_validate(one) for one in both],
        "validate": lambda: [validate(one) for one in both],
        "validate_invariants": lambda: [judge.validate(one) for one in both],
    }
    times: dict[str, list[float]] = {name: [] for name in work}
    first = {name: _unseen(both, models, name) for name in ("validate", "validate_invariants")}
    for _ in range(ROUNDS):
        for name, one in work.items():
            times[name].append(_seconds(one))
    rows: list[dict[str, object]] = []
    for name, target in (("validate", "2, aim 6"), ("validate_invariants", "none set")):
        ratio = statistics.median(a / b for a, b in zip(times["theirs"], times[name], strict=True))
        rows.append(
            {
                "name": name,
                "ours": f"{len(both) / statistics.median(times[name]):,.0f} resources/s",
                "limit": f"{len(both) / statistics.median(times['theirs']):,.0f} resources/s (fhir.resources R4B)",
                "ratio": round(ratio, 2),
                "target": target,
                "resources": len(both),
                "only ours refuses": f"{len(only_ours)}, {codes} of them for a required code",
                "only theirs refuses": only_theirs,
                "required codes made wrong": spoilt,
                "first round": round(first[name], 2),
            }
        )
    return rows


if __name__ == "__main__":
    for row in run():
        print(row)
