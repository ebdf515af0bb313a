"""Opt-outs from uses beyond care: held, landed from lists, and what each use must leave out.

An opt-out is held for a *compartment* (then it is the whole person's whom the compartment belongs to, whatever linking
later says) or, from a national list, for an NHS number. Of a number only a keyed digest is kept: a list names people
who have no record here, and an opt-out must be honoured on the day their first one arrives.
"""

import csv
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection, transaction

from commonweal.apps.access import audit
from commonweal.domain.access import opt_outs
from commonweal.domain.access.opt_outs import Binding, Exemption, Form, LeftOut, OptOut, OptOutFault
from commonweal.domain.access.vocabulary import Purpose

_HERE = Path(__file__).parent


@lru_cache(maxsize=4)
def _read(folder: Path) -> tuple[tuple[Binding, ...], tuple[Exemption, ...]]:
    def rows(name: str) -> list[dict[str, str]]:
        own = folder / name
        with (own if own.exists() else _HERE / name).open(encoding="utf-8-sig", newline="") as lines:
            return list(csv.DictReader(lines))

    return opt_outs.read_bindings(rows("rules.csv")), opt_outs.read_exemptions(rows("exemptions.csv"))


def rules() -> tuple[Binding, ...]:
    """Which uses each opt-out binds: ``opt_outs/rules.csv`` of the home, else the package's."""
    return _read(Path(settings.COMMONWEAL_HOME) / "opt_outs")[0]


def exemptions() -> tuple[Exemption, ...]:
    """The grounds on which an opt-out does not bind: ``opt_outs/exemptions.csv`` of the home, else the package's."""
    return _read(Path(settings.COMMONWEAL_HOME) / "opt_outs")[1]


def people_opted_out(
    purpose: Purpose,
    people: Mapping[int, UUID],
    numbers: Mapping[int, tuple[str, str]] | None = None,
    *,
    form: Form = Form.ROWS,
    exemption: str = "",
    always: bool = False,
    on: datetime | None = None,
) -> LeftOut:
    """Who and what a use for ``purpose`` must leave out, as the batch role.

    ``people``: compartment → person, as analysis has it (``identity.api.probable_people()``). ``numbers``: compartment
    → its source and NHS number, so that lists are honoured (a practice's of Type 1 in what that practice wrote); leave
    it to ``identity.api.people_opted_out(purpose)``, which gives both and is what extracts and lists should call.
    ``form``: a row about each person, or released counts.
    ``exemption``: the code of a dated exemption on which the use was approved. ``always``: only those whom no use
    beyond care may have, in whatever form and on whatever exemption.

    Raises:
        OptOutFault: no such exemption is in force.
    """
    moment = on or settings.COMMONWEAL_NOW()
    day: date = moment.date()
    freed = {opt_outs.exemption(exemptions(), exemption, day).kind} if exemption else set()
    binding = {kind for kind in OptOut if kind not in freed and opt_outs.binds(rules(), kind, purpose, form, day)}
    if always:
        binding &= opt_outs.always_binding(rules(), exemptions(), day)
    held: dict[OptOut, set[int]] = {kind: set() for kind in OptOut}
    if not binding:
        return opt_outs.left_out(people, (), ())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT kind, compartment_id FROM access_opt_out WHERE kind = ANY (%s) AND starts_at <= %s "
            "AND (ends_at IS NULL OR ends_at > %s)",
            [[kind.value for kind in binding], moment, moment],
        )
        for kind, compartment in cursor.fetchall():
            held[OptOut(kind)].add(compartment)
        if numbers:
            cursor.execute(
                "SELECT kind, source, digest FROM access_opt_out_number WHERE kind = ANY (%s)",
                [[kind.value for kind in binding]],
            )
            listed: dict[bytes, set[tuple[OptOut, str]]] = {}
            for kind, source, digest in cursor.fetchall():
                listed.setdefault(bytes(digest), set()).add((OptOut(kind), source))
            if listed:
                for compartment, (wrote, number) in numbers.items():
                    for one, source in listed.get(digest_of(number), ()):
                        if one is OptOut.NATIONAL_DATA or source == wrote:
                            held[one].add(compartment)
    return opt_outs.left_out(people, held[OptOut.NATIONAL_DATA], held[OptOut.TYPE_1])


def opted_out_numbers(
    purpose: Purpose, *, form: Form = Form.ROWS, on: datetime | None = None
) -> Mapping[OptOut, frozenset[bytes]]:
    """The digests (``digest_of``) of NHS numbers on lists that bind such a use, by opt-out; as the batch role."""
    day = (on or settings.COMMONWEAL_NOW()).date()
    binding = [kind for kind in OptOut if opt_outs.binds(rules(), kind, purpose, form, day)]
    found: dict[OptOut, set[bytes]] = {kind: set() for kind in binding}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT kind, digest FROM access_opt_out_number WHERE kind = ANY (%s)", [[one.value for one in binding]]
        )
        for kind, digest in cursor.fetchall():
            found[OptOut(kind)].add(bytes(digest))
    return {kind: frozenset(some) for kind, some in found.items()}


def digest_of(number: str) -> bytes:
    """What is kept of an NHS number (ten digits) on a list: 32 bytes, keyed by this installation."""
    key: str = settings.COMMONWEAL_PSEUDONYM_KEY
    return hmac.digest(key.encode(), b"opt-out\0" + number.encode(), hashlib.sha256)


def replace_list(kind: OptOut, numbers: Iterable[str], *, source: str, by: str) -> tuple[int, int]:
    """Make the list of ``source`` say exactly these NHS numbers; (how many are on it, how many left it). Audited.

    A list is whole: whoever is not on the new one has withdrawn.
    """
    wanted = {digest_of(number) for number in numbers}
    now = settings.COMMONWEAL_NOW()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT digest FROM access_opt_out_number WHERE kind = %s AND source = %s", [kind, source])
        before = {bytes(row[0]) for row in cursor.fetchall()}
        gone = before - wanted
        cursor.execute(
            "DELETE FROM access_opt_out_number WHERE kind = %s AND source = %s AND digest = ANY (%s)",
            [kind, source, list(gone)],
        )
        cursor.execute(
            "INSERT INTO access_opt_out_number (kind, source, since, digest) SELECT %s, %s, %s, unnest(%s::bytea[])",
            [kind.value, source, now, sorted(wanted - before)],
        )
        audit_use(f"opt_out.{kind.value}.list", f"{source}: {len(wanted)} listed, {len(gone)} withdrawn", by)
    return len(wanted), len(gone)


def set_opt_out(kind: OptOut, compartments: Iterable[int], wanted: bool, *, source: str, by: str) -> int:
    """Record that a person opts out, or in again, on these compartments; how many rows changed. Audited.

    Under a session the web role may do so of the person open in it; elsewhere the batch role. ``source``: who said so.
    """
    about = sorted(compartments)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('commonweal.compartments', %s, true) WHERE current_user = 'commonweal_batch'",
                [",".join(map(str, about))],
            )
        done = keep_opt_out(kind, about, wanted, source=source, by=by)
        audit_use(f"opt_out.{kind.value}.{'set' if wanted else 'withdrawn'}", f"{len(about)} compartments", by)
    return done


def keep_opt_out(kind: OptOut, compartments: Iterable[int], wanted: bool, *, source: str, by: str) -> int:
    """The same inside a session whose own audit row says it: of the person open in it, or an officer's of anybody."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT access_opt_out_set(%s, %s::bigint[], %s, %s, %s, %s)",
            [kind.value, sorted(compartments), wanted, settings.COMMONWEAL_NOW(), source, by],
        )
        return int(cursor.fetchone()[0])


def opt_outs_of(compartments: Iterable[int]) -> dict[OptOut, tuple[datetime, str]]:
    """The opt-outs held of the person open in the session: since when, and who said so. National lists apart."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT kind, since, source FROM access_opt_outs_of(%s::bigint[], %s)",
            [sorted(compartments), settings.COMMONWEAL_NOW()],
        )
        return {OptOut(kind): (since, source) for kind, since, source in cursor.fetchall()}


def audit_use(action: str, target: str, by: str) -> None:
    """Audit a change to what may be used of whom."""
    audit.write(audit.Entry(by, "", "", Purpose.OPERATIONS, action, target, "", uuid4()), "allowed")


__all__ = [
    "Form",
    "LeftOut",
    "OptOut",
    "OptOutFault",
    "digest_of",
    "exemptions",
    "keep_opt_out",
    "opt_outs_of",
    "opted_out_numbers",
    "people_opted_out",
    "replace_list",
    "rules",
    "set_opt_out",
]
