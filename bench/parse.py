"""Reading general practice NDJSON: bytes to validated resources with their search values, against orjson alone.

Resources have the shapes and the mix of the synthetic feed: of 80, 1 Patient, 3 Condition, 1 AllergyIntolerance,
45 Observation, 15 MedicationRequest, 15 Encounter. Processor time on one core, best of three.
"""

import io
import random
import time
import uuid
from collections.abc import Callable
from typing import Any

import orjson

from commonweal.feeds import gp
from commonweal.feeds.types import Problem
from commonweal.fhir.search import search_values
from commonweal.synthetic import fhir_text as text
from commonweal.synthetic.codes import Code

PEOPLE = 250
NUMBERS = [f"999{n:07d}" for n in range(1000)]


def _lines(people: int, seed: int) -> list[bytes]:
    rng = random.Random(seed)
    pressure, unit = Code("75367002", "Blood pressure"), text.quantity("mmHg", "mm[Hg]")
    high = text.concept(Code("38341003", "Hypertensive disorder"))
    vital = text.observation_kind("vital-signs", pressure)
    pill = text.medicine("Amlodipine 5mg tablets", "One to be taken each day", True)
    visit = text.encounter_class("Nurse clinic")
    practice = text.organisation_reference("A81001")

    def new() -> str:
        return str(uuid.UUID(int=rng.getrandbits(128), version=4))

    def day() -> str:
        return f"{rng.randint(2016, 2020)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"

    lines: list[str] = []
    for n in range(people):
        who, gp_id, seen = new(), new(), new()
        born = f"19{rng.randint(30, 99)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
        said = (NUMBERS[n % 1000], "Smith", "Mary", "Ann", "Mrs", "female", born, "", "12 High Street", "Milltown")
        lines.append(text.patient(who, *said, "ZZ1 1AA", "07700900123", "A81001", "A81001", "A", True))
        lines.append(text.allergy(new(), who, text.concept(Code("716186003", "No known allergy")), day()))
        lines += [text.condition(new(), who, high, "active", True, day(), day(), "", seen) for _ in range(3)]
        for _ in range(45):
            value = f"{unit[0]}{rng.randint(100, 160)}{unit[1]}"
            lines.append(text.observation(new(), vital, who, seen, f"{day()}T09:{rng.randint(10, 59)}:00Z", value))
        lines += [text.medication_request(new(), who, seen, "active", pill, day(), gp_id) for _ in range(15)]
        for _ in range(15):
            on = day()
            span = (f"{on}T09:00:00+00:00", f"{on}T09:{rng.randint(10, 59)}:00+00:00")
            lines.append(text.encounter(new(), who, visit, gp_id, *span, practice, "Review"))
    return [line.encode() for line in lines]


def _best(work: Callable[[], Any]) -> float:
    times = []
    for _ in range(3):
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return min(times)


def run() -> list[dict[str, object]]:
    """Resources a second: ours (read, validate, categorise, search values) and orjson.loads of the same lines."""
    lines = _lines(PEOPLE, 1)
    data = b"\n".join(lines)

    def ours() -> None:
        read = 0
        for item in gp.read(io.BytesIO(data), "A81001"):
            if isinstance(item, Problem):
                raise ValueError(f"{item.field}: {item.message}")
            search_values(item.resource)
            read += 1
        if read != len(lines):
            raise ValueError(f"{read} of {len(lines)} resources read")

    def limit() -> None:
        for line in lines:
            orjson.loads(line)

    mine, bare = len(lines) / _best(ours), len(lines) / _best(limit)
    name = "parse, validate and index GP resources (resources/s; limit orjson.loads)"
    return [{"name": name, "ours": round(mine), "limit": round(bare), "ratio": round(mine / bare, 4)}]


if __name__ == "__main__":
    for row in run():
        print(row)
        print(f"{1e6 / float(str(row['ours'])):.1f} µs a resource")
