"""The gate's decision against a millisecond, and verifying the audit chain against a COPY with a hash of each row.

*A decision.* The gate holds a set of 200 policies (those shipped, and as many narrower ones as are missing) and 500
relationships. It has no sharing agreements yet, so what is counted is what it evaluates: 500 relationships of one
person, and as many entities beside the groups in Cedar's store. Two figures, each the 99th percentile in processor
time: one of many distinct questions put to Cedar with nothing remembered, and a whole scope (every category, read and
written) as a page asks for it once its questions are remembered. A question names no person, so in use nearly all of
them are.

*Verification.* Audit rows and their subjects, sealed as in use, verified by ``commonweal verify``'s own function; the
limit is COPY of the same rows with SHA-256 of each line. Rounds alternate; the median of their ratios counts.
Run: ``commonweal bench access``; a million events with ``COMMONWEAL_BENCH_LARGE=1``.
"""

import hashlib
import itertools
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from time import perf_counter, thread_time
from typing import Any
from uuid import UUID

from _own_process import MEASURE, measured

POLICIES, RELATIONSHIPS = 200, 500
QUESTIONS = 4000
LIMIT_MS = 1.0
EVENTS = 1_000_000 if os.environ.get("COMMONWEAL_BENCH_LARGE") else 100_000
A_SEAL = 1000
ROUNDS = 3
TARGET = 0.5


def run() -> list[dict[str, object]]:
    """Three rows: milliseconds of a question, of a scope, and events verified a second, each with limit and ratio."""
    rows: Any = measured(__file__)[0]["rows"]
    return list(rows)


def measure() -> dict[str, object]:
    from commonweal.cli import runtime

    runtime.start("batch")
    return {"rows": [*decisions(), verification()]}


def decisions() -> list[dict[str, object]]:
    """The 99th percentile of one question, and of a whole scope, in milliseconds; ratio of the limit to ours."""
    import cedarpy

    from commonweal.apps.access import gate

    on = date(2015, 4, 1)
    with tempfile.TemporaryDirectory() as folder:
        gate_policies = Path(folder) / on.isoformat()
        gate_policies.mkdir()
        (gate_policies / "all.cedar").write_text(_many_policies(gate.policy_text(on)))
        gate.POLICIES = Path(folder)
        agreed = [
            {"uid": {"type": "Relationship", "id": str(n)}, "attrs": {}, "parents": []} for n in range(RELATIONSHIPS)
        ]
        store = cedarpy.Entities.from_json_str(json.dumps([*gate._entities(), *agreed]))
        gate._groups = lambda: store  # type: ignore[assignment]  # the same store, with more in it
        for kept in (gate._policies, gate._names, gate._decide, gate.effective_dates):
            kept.cache_clear()
        if len(gate._names(on)) != POLICIES:
            raise RuntimeError("the set has another number of policies")
        asked = list(itertools.islice(_questions(), QUESTIONS))
        gate._policies(on)
        answers = [gate._decide.__wrapped__(on, *one) for one in asked]
        if answers != [gate._decide(on, *one) for one in asked] or not {a.allowed for a in answers} == {True, False}:
            raise RuntimeError("what is remembered differs from what is decided, or decides nothing")
        cold = _p99([lambda one=one: gate._decide.__wrapped__(on, *one) for one in asked])
        warm = _p99([_scope(on)] * QUESTIONS)
    return [
        {
            "name": f"access: one question to {POLICIES} policies, nothing remembered, p99 ms (limit {LIMIT_MS:.0f})",
            "ours": cold,
            "limit": LIMIT_MS,
            "ratio": LIMIT_MS / cold,
        },
        {
            "name": f"access: a scope of a person with {RELATIONSHIPS} relationships, p99 ms (limit {LIMIT_MS:.0f})",
            "ours": warm,
            "limit": LIMIT_MS,
            "ratio": LIMIT_MS / warm,
        },
    ]


def _many_policies(shipped: str) -> str:
    """The shipped rules, and permits for organisations nobody asks from, so that each must be evaluated and fails."""
    more = POLICIES - shipped.count("@id(")
    return shipped + "\n".join(
        f'@id("narrower {n}") permit (principal in Group::"care_staff", action == Action::"read", '
        f'resource in Group::"whole_record") when {{ context.purpose == "direct_care" && '
        f'context.relationships.contains("agreement-{n}") }};'
        for n in range(more)
    )


def _questions() -> Any:
    """Distinct questions, of every role, purpose, category and set of relationships."""
    from commonweal.domain.access.vocabulary import (
        Action,
        Category,
        Purpose,
        RelationshipKind,
        RestrictionReason,
        Role,
    )

    kinds = [frozenset(some) for n in range(3) for some in itertools.combinations(sorted(RelationshipKind), n)]
    for related, restriction, category, role, purpose in itertools.product(
        kinds, ("", *RestrictionReason), Category, Role, Purpose
    ):
        yield role, purpose, Action.READ, category, related, restriction, False


def _scope(on: date) -> Callable[[], object]:
    from commonweal.apps.access.scopes import Fact, scope_of
    from commonweal.domain.access.scope import Actor, Scope
    from commonweal.domain.access.vocabulary import Purpose, Role

    actor, person = Actor("user:bench", "", Role.CLINICIAN, "P01"), UUID(int=1)
    compartments = {n: f"S{n}" for n in range(RELATIONSHIPS)}
    ends = datetime(2030, 1, 1, tzinfo=UTC)
    found = {n: [Fact("relationship", n, "under_care", "", "", ends)] for n in compartments}

    def ask() -> object:
        return scope_of(actor, Purpose.DIRECT_CARE, on, person, compartments, found)

    if not isinstance(ask(), Scope):
        raise RuntimeError("the scope was refused")
    return ask


def _p99(work: list[Callable[[], object]]) -> float:
    """The 99th percentile in milliseconds of processor time: what a decision costs, whoever else is on the machine."""
    times = []
    for one in work:
        began = thread_time()
        one()
        times.append(thread_time() - began)
    return statistics.quantiles(times, n=100)[98] * 1000


_EVENTS = """
    WITH written AS (
        INSERT INTO access_audit (actor, role, organisation, purpose, action, target, outcome, reason, request_id)
        SELECT 'user:somebody' || n %% 400, 'clinician', 'P0' || n %% 9, 'direct_care', 'record.page', 'Condition',
               'allowed', '', gen_random_uuid()
        FROM generate_series(1, %s) n RETURNING id
    )
    INSERT INTO access_audit_subject
    SELECT id, gen_random_uuid(), ARRAY[id, id + 1], 'allowed' FROM written WHERE id %% 4 > 0
"""


def verification() -> dict[str, object]:
    """Events a second: the whole chain verified, against COPY and a hash a line of the same rows."""
    from django.db import connection

    from commonweal.apps.access import api as access

    for _ in range(EVENTS // A_SEAL):
        with connection.cursor() as cursor:
            cursor.execute(_EVENTS, [A_SEAL])
        access.seal()
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(rows) FROM access_seal")
        sealed = int(cursor.fetchone()[0])
    if sealed < EVENTS or access.verify_chain():
        raise RuntimeError("not everything is sealed, or the chain does not verify")
    _copied_and_hashed()
    pairs = [(_seconds(access.verify_chain), _seconds(_copied_and_hashed)) for _ in range(ROUNDS)]
    return {
        "name": f"access: {sealed:,} audit events verified a second (target {TARGET} of COPY and a row hash)",
        "ours": sealed / statistics.median(ours for ours, _ in pairs),
        "limit": sealed / statistics.median(limit for _, limit in pairs),
        "ratio": statistics.median(limit / ours for ours, limit in pairs),
    }


def _copied_and_hashed() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        for table in ("COPY access_audit TO STDOUT", "COPY access_audit_subject TO STDOUT"):
            with cursor.copy(table) as rows:
                for row in rows:
                    hashlib.sha256(row).digest()


def _seconds(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began


if __name__ == "__main__":
    print(json.dumps(measure()) if MEASURE in sys.argv else json.dumps(run(), indent=2))
