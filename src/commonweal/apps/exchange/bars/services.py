"""Which service is whose and where: service id → organisation, and the address of a partner's receiver.

A CSV file with the columns service_id, organisation, name, endpoint, valid_from, valid_to: ``organisation`` an ODS
code; ``endpoint`` the HTTPS base address that messages to a partner go to, empty for a service that is received here;
days both included, ``valid_to`` empty for no end. Loading a file replaces the list.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from pathlib import Path
from urllib.parse import urlsplit

from django.db import connection, transaction

from commonweal.apps.exchange.arriving import ODS_CODE
from commonweal.apps.exchange.errors import BadServices

COLUMNS = ("service_id", "organisation", "name", "endpoint", "valid_from", "valid_to")
HERE = ("127.0.0.1", "localhost")


@dataclass(frozen=True, slots=True)
class Service:
    """One row. ``endpoint`` '' is here."""

    service_id: str
    organisation: str
    name: str
    endpoint: str
    valid_from: date = date.min
    valid_to: date = date.max


_SELECT = """
SELECT service_id, organisation, name, endpoint, valid_from, valid_to FROM exchange_bars_service
WHERE %(on)s BETWEEN valid_from AND valid_to
"""


def service(service_id: str, on: date) -> Service | None:
    """The service of this id on the day."""
    with connection.cursor() as cursor:
        cursor.execute(_SELECT + "AND service_id = %(id)s", {"on": on, "id": service_id})
        row = cursor.fetchone()
    return None if row is None else Service(*row)


def services(on: date) -> list[Service]:
    """Every service on the day, by name."""
    with connection.cursor() as cursor:
        cursor.execute(_SELECT + "ORDER BY name, service_id", {"on": on})
        return [Service(*row) for row in cursor.fetchall()]


def service_of(organisation: str, on: date) -> Service | None:
    """A service of an organisation's that is received here, to which answers to its own messages come."""
    return next((one for one in services(on) if one.organisation == organisation and not one.endpoint), None)


def load(path: Path) -> list[Service]:
    """Replace the list by a file's. As the batch role. Raises ``BadServices`` naming the line and what to do."""
    found = read(path)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM exchange_bars_service")
        cursor.executemany(
            "INSERT INTO exchange_bars_service (service_id, organisation, name, endpoint, valid_from, valid_to) "
            "VALUES (%s, %s, %s, %s, %s, %s)",
            [(s.service_id, s.organisation, s.name, s.endpoint, s.valid_from, s.valid_to) for s in found],
        )
    return found


def read(path: Path) -> list[Service]:
    """The services of a file, held against the rules above."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
            if missing:
                raise BadServices(f"{path.name} lacks the column {missing[0]}; it needs {', '.join(COLUMNS)}")
            found = [_service(path.name, number, row) for number, row in enumerate(rows, 2)]
    except (OSError, UnicodeDecodeError, csv.Error) as bad:
        raise BadServices(f"{path.name} cannot be read ({type(bad).__name__}); name a CSV file in UTF-8") from None
    for one, other in combinations(found, 2):
        overlap = one.valid_from <= other.valid_to and other.valid_from <= one.valid_to
        if one.service_id == other.service_id and overlap:
            raise BadServices(f"{path.name}: service {one.service_id} is told twice for some days")
    if not found:
        raise BadServices(f"{path.name} names no service; one a line")
    return found


def _service(name: str, line: int, row: Mapping[str, str | None]) -> Service:
    cells = {column: (row.get(column) or "").strip() for column in COLUMNS}
    if not cells["service_id"].isalnum() or not ODS_CODE.fullmatch(cells["organisation"]) or not cells["name"]:
        raise BadServices(f"{name} line {line}: give the service id, the ODS code of its organisation, and its name")
    parts = urlsplit(cells["endpoint"])
    if cells["endpoint"] and parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in HERE):
        raise BadServices(f"{name} line {line}: an endpoint begins with https://; people's data is sent to it")
    try:
        return Service(
            cells["service_id"],
            cells["organisation"],
            cells["name"],
            cells["endpoint"],
            date.fromisoformat(cells["valid_from"]) if cells["valid_from"] else date.min,
            date.fromisoformat(cells["valid_to"]) if cells["valid_to"] else date.max,
        )
    except ValueError:
        raise BadServices(f"{name} line {line}: write days as yyyy-mm-dd") from None
