"""The gate's decision against a millisecond, and verifying the audit chain against a COPY with a hash of each row.

*A decision.* The gate holds a set of 200 policies (those shipped, and as many narrower ones as are missing), and the
database 500 sharing agreements between 40 organisations. Four figures, each the 99th percentile in processor time: one
of many distinct questions with no answer remembered; the same put to the whole set instead of the part that can matter
(the peer, and an equal answer to each is asserted first); a whole scope (every category, read and written, agreements
of every source) as a page asks for it once its questions are remembered; and what holds between one asker and one
person, read from the database by one statement, agreements among it: its wall time, so the median.

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
from functools import partial
from pathlib import Path
from time import perf_counter, thread_time
from typing import Any
from uuid import UUID

from _own_process import MEASURE, measured

POLICIES, AGREEMENTS, SOURCES = 200, 500, 6
FACTS = 1000
QUESTIONS = 4000
LIMIT_MS = 1.0
EVENTS = 1_000_000 if os.environ.get("COMMONWEAL_BENCH_LARGE") else 100_000
A_SEAL = 1000
ROUNDS = 3
TARGET = 0.5


def run() -> list[dict[str, object]]:
    """Five rows: milliseconds of a question (twice), a scope, the facts; events verified a second; limit and ratio."""
    rows: Any = measured(__file__)[0]["rows"]
    return list(rows)


def measure() -> dict[str, object]:
    from commonweal.cli import runtime

    runtime.start("batch")
    return {"rows": [*decisions(), facts(), verification()]}


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
        for kept in (gate._slices, gate._decide, gate.effective_dates):
            kept.cache_clear()
        if len(gate._slices(on)) != POLICIES:
            raise RuntimeError("the set has another number of policies")
        asked = list(itertools.islice(_questions(), QUESTIONS))
        whole = cedarpy.PolicySet.from_str(gate.policy_text(on))
        for one in asked[:: QUESTIONS // 200]:
            if gate._decide.__wrapped__(on, *one).allowed != _whole(whole, *one):
                raise RuntimeError("a part of the policies answers otherwise than all of them")
        if {gate._decide.__wrapped__(on, *one).allowed for one in asked} != {False, True}:
            raise RuntimeError("nothing is decided, or decides nothing")
        for kept in (gate._slices, gate._decide):
            kept.cache_clear()
        gate._slices(on)
        cold = _p99([partial(gate._decide.__wrapped__, on, *one) for one in asked])
        peer = _p99([partial(_whole, whole, *one) for one in asked])
        warm = _p99([_scope(on)] * QUESTIONS)
    return [
        {
            "name": f"access: one question to {POLICIES} policies, no answer remembered, p99 ms (peer: all of them)",
            "ours": cold,
            "limit": peer,
            "ratio": peer / cold,
        },
        {
            "name": f"access: one question to {POLICIES} policies, no answer remembered, p99 ms (limit {LIMIT_MS:.0f})",
            "ours": cold,
            "limit": LIMIT_MS,
            "ratio": LIMIT_MS / cold,
        },
        {
            "name": f"access: a scope of a person of {SOURCES} sources, p99 ms (limit {LIMIT_MS:.0f})",
            "ours": warm,
            "limit": LIMIT_MS,
            "ratio": LIMIT_MS / warm,
        },
    ]


def _whole(policies: Any, role: Any, purpose: Any, action: Any, category: Any, kinds: Any, *rest: Any) -> bool:
    """The answer of the whole set to one question."""
    import cedarpy

    from commonweal.apps.access import gate

    restriction, own_entry, agreement = rest
    asked = {
        "principal": {"type": "Role", "id": role.value},
        "action": {"type": "Action", "id": action.value},
        "resource": {"type": "Category", "id": category.value},
        "context": {
            "purpose": purpose.value, "relationships": sorted(kinds), "restriction": restriction,
            "own_entry": own_entry, "agreement": agreement,
        },
    }  # fmt: skip
    return bool(cedarpy.is_authorized(asked, policies, gate._groups()).allowed)


def facts() -> dict[str, object]:
    """The 99th percentile of the one statement that tells what holds, with 500 agreements to look through."""
    from django.conf import settings
    from django.db import connection

    from commonweal.apps.access.scopes import facts as asked
    from commonweal.domain.access.vocabulary import Purpose

    codes = [f"P{n:02}" for n in range(40)]
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO access_agreement (reference, version, title, gives, receives, categories, purposes, starts, "
            "ends, review, dpia, controller, basis, confidentiality, state, proposed_by, proposed_at, decided_by, "
            "from_at, to_at) VALUES (%s, 1, 'x', %s, %s, '{demographics,clinical,medication}', '{direct_care}', "
            "'2000-01-01', '2001-01-01', '2000-01-01', 'x', 'x', 'x', 'x', 'approved', 'a', now(), 'b', '2000-01-01', "
            "'2099-01-01')",
            [
                (f"ISA-{n}", [codes[n % 40], codes[(n * 7 + 1) % 40]], [codes[(n * 3) % 40], codes[(n * 11 + 5) % 40]])
                for n in range(AGREEMENTS)
            ],
        )
    now = settings.COMMONWEAL_NOW()
    compartments = {n + 1: codes[n] for n in range(SOURCES)}
    if not asked(codes[0], "user:x", compartments, Purpose.DIRECT_CARE, now):
        raise RuntimeError("no agreement was found")
    times = []
    for n in range(FACTS):
        began = perf_counter()
        asked(codes[n % 40], "user:x", compartments, Purpose.DIRECT_CARE, now)
        times.append(perf_counter() - began)
    median = statistics.median(times) * 1000
    return {
        "name": f"access: what holds, {AGREEMENTS} agreements, {SOURCES} sources, median ms (limit {LIMIT_MS:.0f})",
        "ours": median,
        "limit": LIMIT_MS,
        "ratio": LIMIT_MS / median,
    }


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
        yield role, purpose, Action.READ, category, related, restriction, False, "in_force"


def _scope(on: date) -> Callable[[], object]:
    from commonweal.apps.access.scopes import Fact, scope_of
    from commonweal.domain.access.scope import Actor, Scope
    from commonweal.domain.access.vocabulary import Category, Purpose, Role

    actor, person = Actor("user:bench", "", Role.CLINICIAN, "P01"), UUID(int=1)
    compartments = {n + 1: f"S{n}" for n in range(SOURCES)}
    ends = datetime(2030, 1, 1, tzinfo=UTC)
    found = {n: [Fact("relationship", n, "under_care", "", "", ends)] for n in compartments}
    found[0] = [Fact("agreement", 0, "in_force", c.value, f"S{n}", None) for n in range(SOURCES) for c in Category]

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
