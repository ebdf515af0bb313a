"""Searching a partner's whole holding: how it grows, and against SQL written by hand with the right index.

``p95`` is over a mix of the searches systems make (by code, by identifier, by name, by day, one person's newest of a
code, a plain listing), a page of 20 each, at two sizes of one organisation's holding; the ratio is the small size's p95
over the large one's.

Then three searches against the SQL somebody who knows the tables would write for just that question: one person's
newest 20 of a code, a chain of two references and ``_has``. Both are asked what a partner's system asks (its ODS code,
an id of a Patient, codes and names as FHIR has them), by the same role under the same row security, with the indexes
the store has, planned by the same rules and kept prepared. Theirs is one statement that finds ids and bodies; ours
compiles the request, runs, and makes the page with all that a Bundle says of each entry, and its cursor. The same
resources in the same order are asserted first. A second column, ``owner``, is the same SQL run as the tables' owner,
whom row security does not bind. Times are of the search inside an open access session; what the session, its audit
and the Bundle add to a request is the last row. Paired rounds, median of the pairs.
"""

import json
import os
import random
import statistics
import sys
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any
from uuid import UUID

from _own_process import MEASURE, measured

LARGE = bool(os.environ.get("COMMONWEAL_BENCH_LARGE"))
SIZES = (100_000, 3_000_000) if LARGE else (10_000, 100_000)
ROUNDS = 40
EACH = 40  # searches of each shape for the p95
ODS, NHS, SNOMED = "Y00001", "https://fhir.nhs.uk/Id/nhs-number", "http://snomed.info/sct"
CODES = ("44054006", "38341003", "27113001", "75367002", "60621009")
RARE = "195967001"  # about one person in fifty
EACH_PERSON = 50


def run() -> list[dict[str, object]]:
    """Rows: name, ours and limit (ms), ratio and target."""
    rows: Any = measured(__file__)[0]["rows"]
    return list(rows)


def resources(person: int, rng: random.Random) -> Iterator[tuple[dict[str, Any], str | None]]:
    """One person's resources, and whose they are."""

    def fresh() -> str:
        return str(UUID(int=rng.getrandbits(128), version=4))

    patient = fresh()
    subject = {"reference": f"Patient/{patient}"}
    yield (
        {
            "resourceType": "Patient",
            "id": patient,
            "identifier": [{"system": NHS, "value": f"{9_000_000_000 + person}"}],
            "name": [{"family": f"Family{person}", "given": ["Given"]}],
            "gender": "female",
            "birthDate": f"19{person % 80 + 10}-03-11",
            "managingOrganization": {"reference": f"Organization/site-{person % 40}"},
        },
        patient,
    )
    for n in range(EACH_PERSON - 1):
        rare = n == 0 and person % 50 == 0
        concept = {"coding": [{"system": SNOMED, "code": RARE if rare else CODES[rng.randrange(5)]}]}
        day = f"{rng.randint(2000, 2019)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
        entry = {"id": fresh(), "code": concept, "subject": subject, "status": "final"}
        if n % 7 == 3:
            period = {"start": f"{day}T09:00:00Z", "end": f"{day}T09:10:00Z"}
            entry = {
                "id": entry["id"],
                "status": "finished",
                "class": {"code": "AMB"},
                "period": period,
                **_of(subject),
            }
            yield {"resourceType": "Encounter", **entry}, patient
        else:
            value = {"value": rng.randint(40, 120), "unit": "kg", "code": "kg"}
            yield {"resourceType": "Observation", **entry, "effectiveDateTime": day, "valueQuantity": value}, patient


def _of(subject: dict[str, str]) -> dict[str, Any]:
    return {"subject": subject}


class _Holding:
    """One organisation's holding, grown to a size."""

    def __init__(self) -> None:
        self.people: list[str] = []
        self.held = 0
        self._rng = random.Random(7)

    def grow(self, size: int) -> None:
        from commonweal.apps.record import api as record
        from commonweal.feeds.types import Parsed
        from commonweal.fhir.compartment import category

        def parsed(resource: dict[str, Any], person: str | None) -> Any:
            body = json.dumps(resource).encode()
            return Parsed(1, resource["resourceType"], resource["id"], person, body, resource, category(resource, "gp"))

        if not self.held:
            sites = [{"resourceType": "Organization", "id": f"site-{n}", "name": f"Site {n}"} for n in range(40)]
            record.write(ODS, "gp", [parsed(site, None) for site in sites])
        batch: list[Any] = []
        while self.held < size:
            for resource, person in resources(len(self.people), self._rng):
                if resource["resourceType"] == "Patient":
                    self.people.append(resource["id"])
                batch.append(parsed(resource, person))
            self.held += EACH_PERSON
            if len(batch) >= 10_000 or self.held >= size:
                record.write(ODS, "gp", batch)
                batch = []

    def searches(self, rng: random.Random) -> Iterator[tuple[str, dict[str, str]]]:
        """The mix, ``EACH`` of each shape."""
        for _ in range(EACH):
            person = rng.randrange(len(self.people))
            code = CODES[rng.randrange(5)]
            yield "Observation", {"code": f"{SNOMED}|{code}"}
            yield "Observation", {"code": code, "status": "final"}
            yield "Patient", {"identifier": f"{NHS}|{9_000_000_000 + person}"}
            yield "Patient", {"family": f"Family{person}"}
            yield "Encounter", {"date": f"{rng.randint(2000, 2019)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"}
            yield "Observation", {"patient": self.people[person], "code": code, "_sort": "-date"}
            yield "Encounter", {}


def measure() -> dict[str, object]:
    """Every row."""
    from commonweal.cli import runtime

    runtime.start("batch")
    from django.db import connection

    holding = _Holding()
    p95: list[float] = []
    for size in SIZES:
        connection.close()
        connection.settings_dict["USER"] = "commonweal_batch"
        holding.grow(size)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE record_resource, record_token, record_date, record_string, record_reference")
        p95.append(_p95(holding))
    small, large = p95
    rows: list[dict[str, object]] = [
        {
            "name": f"search p95, {SIZES[1]:,} against {SIZES[0]:,} resources (ms)",
            "ours": large, "limit": small, "ratio": small / large, "target": 0.67,
        }
    ]  # fmt: skip
    rows += [_against(holding, *question) for question in _questions(holding)]
    rows.append(_request(holding))
    return {"rows": rows}


def _opened() -> Any:
    """An access session of the organisation's system, and its scope, in the role that serves."""
    from commonweal.apps.access import api as access

    actor = access.Actor("user:bench", "Bench", access.Role.SERVICE, ODS, "", None)
    return access.session(actor, access.Purpose.OPERATIONS, "bench.search")


def _serving() -> None:
    from django.db import connection

    connection.close()
    connection.settings_dict["USER"] = "commonweal_app"


def _p95(holding: _Holding) -> float:
    from commonweal.apps.record import api as record

    _serving()
    times: list[float] = []
    with _opened() as session:
        scope = session.open_source()
        for kind, params in [*holding.searches(random.Random(1))][:70]:  # warm
            record.search(scope, kind, {**params, "_count": "20"})
        for kind, params in holding.searches(random.Random(2)):
            begun = perf_counter()
            record.search(scope, kind, {**params, "_count": "20"})
            times.append(1000 * (perf_counter() - begun))
    return statistics.quantiles(times, n=20)[18]


def _numbers() -> dict[str, int]:
    from commonweal.fhir.search_parameters import parameters

    named = {
        "code": ("Observation", "code"),
        "organization": ("Patient", "organization"),
        "name": ("Organization", "name"),
    }
    return {key: parameters(kind)[name].reads[0].number for key, (kind, name) in named.items()}


_NEWEST = """
SELECT r.id, r.body FROM record_token t JOIN record_resource r ON r.rid = t.rid
WHERE t.parameter = %(code)s AND t.code = %(sought)s AND t.system = %(system)s AND NOT r.deleted
    AND t.source_id = (SELECT id FROM record_source WHERE source = %(source)s AND feed = 'gp')
    AND t.compartment_id = (SELECT compartment_id FROM record_resource WHERE type = 'Patient' AND id = %(patient)s)
ORDER BY r.happened_at DESC, r.rid LIMIT 21
"""
_CHAIN = """
SELECT r.id, r.body FROM record_token t JOIN record_resource r ON r.rid = t.rid
WHERE t.parameter = %(code)s AND t.code = %(sought)s AND NOT r.deleted
    AND t.source_id = (SELECT id FROM record_source WHERE source = %(source)s AND feed = 'gp')
    AND t.compartment_id IN (
        SELECT f.compartment_id FROM record_string n JOIN record_resource o ON o.rid = n.rid
        JOIN record_reference f ON f.parameter = %(organization)s AND f.target = o.id
            AND f.source_id = (SELECT id FROM record_source WHERE source = %(source)s AND feed = 'gp')
        WHERE n.parameter = %(name)s AND n.value = %(site)s)
ORDER BY t.compartment_id, t.rid LIMIT 21
"""
_HAS = """
SELECT r.id, r.body FROM record_resource r WHERE r.type = 'Patient' AND NOT r.deleted
    AND r.source_id = (SELECT id FROM record_source WHERE source = %(source)s AND feed = 'gp')
    AND r.compartment_id IN (SELECT t.compartment_id FROM record_token t
        WHERE t.parameter = %(code)s AND t.code = %(sought)s
        AND t.source_id = (SELECT id FROM record_source WHERE source = %(source)s AND feed = 'gp'))
ORDER BY r.compartment_id, r.rid LIMIT 21
"""
Question = tuple[str, str, Callable[[int], dict[str, str]], str, Callable[[int], dict[str, Any]]]


def _questions(holding: _Holding) -> Iterator[Question]:
    """Name, type, the search of a round, and the SQL for it with what it binds."""
    from commonweal.apps.record.staging import system_number

    system = system_number(SNOMED)
    yield (
        "one person's newest 20 of a code (ms)", "Observation",
        lambda n: {"patient": holding.people[n * 3], "code": f"{SNOMED}|{CODES[n % 5]}", "_sort": "-date"},
        _NEWEST, lambda n: {"sought": CODES[n % 5], "system": system, "patient": holding.people[n * 3]},
    )  # fmt: skip
    yield (
        "chain of two references (ms)", "Observation",
        lambda n: {"code": CODES[n % 5], "patient.organization.name:exact": f"Site {n % 40}"},
        _CHAIN, lambda n: {"sought": CODES[n % 5], "site": f"site {n % 40}"},
    )  # fmt: skip
    yield (
        "_has (ms)", "Patient", lambda n: {"_has:Observation:patient:code": RARE if n % 2 else CODES[n % 5]},
        _HAS, lambda n: {"sought": RARE if n % 2 else CODES[n % 5]},
    )  # fmt: skip


def _against(
    holding: _Holding, name: str, kind: str, params: Callable[[int], dict[str, str]], sql: str,
    bound: Callable[[int], dict[str, Any]],
) -> dict[str, object]:  # fmt: skip
    from commonweal.apps.record import api as record

    _serving()
    ours: list[float] = []
    theirs: list[float] = []
    unbound: list[float] = []
    with _role("commonweal_app") as app, _role("commonweal_owner") as owner, _opened() as session:
        app.execute("SELECT set_config('commonweal.source', %s, true)", [ODS])
        scope = session.open_source()
        for n in range(ROUNDS + 10):
            values = {**_numbers(), "source": ODS, **bound(n)}
            asked = {**params(n), "_count": "20"}
            begun = perf_counter()
            page = record.search(scope, kind, asked)
            between = perf_counter()
            rows = app.execute(sql, values, prepare=True).fetchall()
            after = perf_counter()
            owner.execute(sql, values, prepare=True).fetchall()
            ended = perf_counter()
            if [row[0] for row in rows[:20]] != [item.id for item in page]:
                raise RuntimeError(f"{name}: {asked} gives other resources than the SQL by hand")
            if n >= 10:
                ours.append(1000 * (between - begun))
                theirs.append(1000 * (after - between))
                unbound.append(1000 * (ended - after))
    ratio = statistics.median(b / a for a, b in zip(ours, theirs, strict=True))
    return {
        "name": name, "ours": statistics.median(ours), "limit": statistics.median(theirs), "ratio": ratio,
        "target": 0.5, "owner": statistics.median(unbound),
    }  # fmt: skip


def _role(name: str) -> Any:
    """A connection of its own, as one of the roles."""
    import psycopg
    from django.conf import settings

    default = settings.DATABASES["default"]
    return psycopg.connect(
        host=default["HOST"], port=default["PORT"] or None, dbname=default["NAME"], user=name,
        password=default["PASSWORD"],
    )  # fmt: skip


def _request(holding: _Holding) -> dict[str, object]:
    """A token search with its session, audit, commit and Bundle, against the search alone."""
    from commonweal.apps.record import api as record
    from commonweal.apps.record.rest.search import parsed, searched

    whole, alone = [], []
    for n in range(ROUNDS):
        pairs = [("code", f"{SNOMED}|{CODES[n % 5]}"), ("_count", "20")]
        begun = perf_counter()
        with _opened() as session:
            searched(session, parsed("Observation", pairs, True), "http://localhost/fhir/R4")
        whole.append(1000 * (perf_counter() - begun))
        with _opened() as session:
            scope = session.open_source()
            begun = perf_counter()
            record.search(scope, "Observation", pairs)
            alone.append(1000 * (perf_counter() - begun))
    ours, limit = statistics.median(whole), statistics.median(alone)
    return {
        "name": "token search with session, audit and Bundle (ms)",
        "ours": ours,
        "limit": limit,
        "ratio": limit / ours,
    }


if __name__ == "__main__":
    print(json.dumps(measure()) if MEASURE in sys.argv else json.dumps(run(), indent=2))
