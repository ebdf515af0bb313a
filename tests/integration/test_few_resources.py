"""A few resources are stored without staging tables, to the same end: verdicts, versions, rows and relationships."""

import io
import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from tests.landing_files import adt_message, empty, gp_lines, state

pytestmark = pytest.mark.usefixtures("database")


def owner() -> "psycopg.Connection[Any]":
    at = connection.settings_dict
    return psycopg.connect(host=at["HOST"], port=at["PORT"] or None, dbname=at["NAME"], user="postgres")


@pytest.fixture(autouse=True)
def clean(database: str) -> Iterator[None]:
    empty()
    yield
    with owner() as connected:
        connected.execute("DELETE FROM record_removed")


def read(lines: list[str], source: str) -> list[Any]:
    from commonweal.feeds import gp

    return list(gp.read(io.BytesIO("\n".join(lines).encode()), source))


def folded(messages: list[str]) -> list[Any]:
    from commonweal.feeds import adt
    from commonweal.feeds.types import Parsed

    return [one for one in adt.fold("RXX", [text.encode() for text in messages]) if isinstance(one, Parsed)]


def remove(resource: str) -> None:
    """As a lawful removal leaves it: nothing of it is to come back."""
    from hashlib import sha256

    said = json.loads(resource)
    salt = bytes.fromhex(settings.COMMONWEAL_REMOVAL_KEY)
    named = f"{said['resourceType']}/{said['id']}\n".encode()
    with owner() as connected:
        key = sha256(salt + named + sha256(resource.encode()).digest()).digest()
        connected.execute("INSERT INTO record_removed (key) VALUES (%s) ON CONFLICT DO NOTHING", [key])


def course() -> tuple[str, list[dict[str, Any]]]:
    """What a practice, another and a hospital send one after the other; the state it ends in, and all counts."""
    from commonweal.apps.record import api as record

    lines = gp_lines("GP1", 4)
    of_somebody, of_another = lines[2], lines[12]
    ends = json.loads(lines[11])["id"], json.loads(lines[1])["id"]
    changed = of_somebody.replace('"active"', '"inactive"')
    moved = of_another.replace(*ends)
    admitted = adt_message("RXX", "M1", 1, "A01", "202001010900", "V1")
    left = adt_message("RXX", "M1", 2, "A03", "202001030900", "V1", admitted="", discharged="202001030900")
    late = adt_message("RXX", "M1", 3, "A13", "202001040900", "V1", admitted="")
    counts = [
        record.write(source, feed, items, None)
        for source, feed, items in (
            ("GP1", "gp", read(lines[:15], "GP1")),
            ("GP1", "gp", read([lines[0], changed, moved, *lines[15:]], "GP1")),
            ("GP2", "gp", read([lines[1], *gp_lines("GP2", 1)], "GP2")),
            ("RXX", "adt", folded([admitted])),
            ("RXX", "adt", folded([admitted, left])),
            ("RXX", "adt", folded([admitted, left, late])),
            ("RXX", "adt", folded([admitted, left, late])),
            ("RXX", "adt", []),
        )
    ]
    return state(), [asdict(one) for one in counts]


def test_the_end_is_that_of_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given new, same, changed, moved, another's and removed resources; when few; then all is as if they were many."""
    from commonweal.apps.record import few

    remove(gp_lines("GP1", 4)[25])
    by_values = course()
    empty()
    monkeypatch.setattr(few, "FEW", -1)
    staged = course()
    rules = {refused["rule"] for counts in staged[1] for refused in counts["refused"]}
    assert rules == {"person-changed", "owned-by-another-source", "lawfully-removed"}
    assert sum(counts["updated"] for counts in staged[1]) > 2
    assert by_values == staged


@pytest.mark.parametrize("people", [38, 39, 40, 41, 60])
def test_people_by_any_number_are_stored(people: int) -> None:
    from commonweal.apps.identity import actions as identity
    from commonweal.apps.record import api as record
    from commonweal.apps.record import few

    assert few.FEW < identity._FEW, "what identity copies cannot be sent together with anything"
    assert record.write("GP1", "gp", read(gp_lines("GP1", people, each=0), "GP1")).accepted == people + 1


def test_somebody_of_whom_all_was_removed_is_not_made_anew() -> None:
    from commonweal.apps.record import api as record

    lines = gp_lines("GP1", 1, each=1)
    for line in lines[1:]:
        remove(line)
    assert {one.rule for one in record.write("GP1", "gp", read(lines, "GP1")).refused} == {"lawfully-removed"}
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM record_compartment")
        assert cursor.fetchone()[0] == 0
