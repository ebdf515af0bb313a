"""Land general-practice NDJSON, validated, stored and searchable, against a bare text COPY of the same resources.

The limit is what one COPY of (id, body) into a table with one index does with the same resources on the same
server in the same run; landing parses and validates them, keeps the file, digests, indexes and stores them.
Units: resources a second. Runs in a home of its own, in a process of its own.
"""

import json
import random
import shutil
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from uuid import UUID

from _own_process import MEASURE, measured

PEOPLE = 250
ROUNDS = 3
TARGET = 0.06
ODS = "https://fhir.nhs.uk/Id/ods-organization-code"
SNOMED = "http://snomed.info/sct"
CODES = [("44054006", "Type 2 diabetes mellitus"), ("38341003", "Hypertension"), ("27113001", "Body weight")]


def run() -> list[dict[str, object]]:
    """One row: name, ours, limit (both resources a second) and ratio."""
    return measured(__file__)


def resources(seed: int, practice: str) -> list[tuple[str, str]]:
    """(id, JSON) of a practice's people, 80 resources each, in the shape the practices send."""
    rng = random.Random(seed)

    def fresh() -> str:
        return str(UUID(int=rng.getrandbits(128), version=4))

    made: list[tuple[str, str]] = []

    def add(kind: str, **fields: object) -> str:
        ident = fresh()
        made.append((ident, json.dumps({"resourceType": kind, "id": ident, **fields}, separators=(",", ":"))))
        return ident

    doctor = add("Practitioner", name=[{"use": "official", "family": "Shah", "given": ["Asha"]}])
    for n in range(PEOPLE):
        person = add(
            "Patient",
            identifier=[{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": f"9990{rng.randrange(10**6):06d}"}],
            name=[{"use": "official", "family": f"Family{n}", "given": ["Given"]}],
            gender="female",
            birthDate=f"19{n % 80 + 10}-03-11",
            address=[{"use": "home", "line": ["1 High Street"], "city": "Town", "postalCode": "ZZ1 1ZZ"}],
            generalPractitioner=[{"type": "Organization", "identifier": {"system": ODS, "value": practice}}],
        )
        subject = {"reference": f"Patient/{person}"}
        for i in range(79):
            code, display = CODES[i % 3]
            day = f"2019-{i % 12 + 1:02d}-{i % 28 + 1:02d}"
            concept = {"coding": [{"system": SNOMED, "code": code, "display": display}], "text": display}
            if i % 8 == 0:
                kind = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
                add(
                    "Encounter",
                    status="finished",
                    **{"class": {"system": kind, "code": "AMB"}},
                    subject=subject,
                    participant=[{"individual": {"reference": f"Practitioner/{doctor}"}}],
                    period={"start": f"{day}T09:00:00Z", "end": f"{day}T09:10:00Z"},
                )
            elif i % 8 < 3:
                add(
                    "MedicationRequest",
                    status="active",
                    intent="order",
                    medicationCodeableConcept=concept,
                    subject=subject,
                    authoredOn=day,
                    dosageInstruction=[{"text": "one a day"}],
                )
            elif i % 8 == 3:
                state = "http://terminology.hl7.org/CodeSystem/condition-clinical"
                add(
                    "Condition",
                    clinicalStatus={"coding": [{"system": state, "code": "active"}]},
                    code=concept,
                    subject=subject,
                    onsetDateTime=day,
                    recordedDate=day,
                )
            else:
                add(
                    "Observation",
                    status="final",
                    code=concept,
                    subject=subject,
                    effectiveDateTime=f"{day}T10:00:00Z",
                    valueQuantity={"value": 72.5, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"},
                )
    return made


def measure() -> dict[str, object]:
    """Alternate the two, and take the best round of each: the least disturbed by what else the machine does."""
    from commonweal.cli import runtime

    runtime.start("batch")
    from commonweal.apps.exchange import api as exchange

    ours: list[float] = []
    limit: list[float] = []
    folder = Path(tempfile.mkdtemp(prefix="commonweal-bench-"))
    for round_ in range(ROUNDS):
        practice = f"Y{round_:05d}"
        made = resources(round_, practice)
        path = folder / f"{practice}.ndjson"
        path.write_text("".join(body + "\n" for _, body in made))
        lines = "".join(f"{ident}\t{body}\n".replace("\\", "\\\\") for ident, body in made).encode()
        started = perf_counter()
        landed = exchange.land("gp", [path], practice)
        ours.append(len(made) / (perf_counter() - started))
        if landed["accepted"] != len(made):
            raise RuntimeError(f"{landed['quarantined']} of the made resources were refused")
        limit.append(len(made) / _bare(lines))
    shutil.rmtree(folder)
    best, bare = max(ours), max(limit)
    return {"name": "land GP NDJSON (resources/s)", "ours": best, "limit": bare, "ratio": best / bare, "target": TARGET}


def _bare(lines: bytes) -> float:
    """Seconds to COPY the same resources into a table with one index, durably, as the owner of the table would."""
    import psycopg
    from django.conf import settings

    default = settings.DATABASES["default"]
    with psycopg.connect(
        host=default["HOST"],
        port=default["PORT"] or None,
        dbname=default["NAME"],
        user="commonweal_owner",
        password=default["PASSWORD"],
    ) as owner:
        owner.execute('CREATE TABLE bare (id text COLLATE "C" PRIMARY KEY, body text)')
        owner.commit()
        started = perf_counter()
        with owner.cursor().copy("COPY bare FROM STDIN") as copy:
            copy.write(lines)
        owner.commit()
        seconds = perf_counter() - started
        owner.execute("DROP TABLE bare")
    return seconds


if __name__ == "__main__":
    print(json.dumps(measure()) if MEASURE in sys.argv else json.dumps(run(), indent=2))
