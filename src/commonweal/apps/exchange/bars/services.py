"""Which service is whose and where: service id → organisation, and the address of a partner's receiver.

A CSV file with the columns service_id, organisation, name, endpoint, valid_from, valid_to: ``organisation`` an ODS
code; ``endpoint`` the HTTPS base address that messages to a partner go to, empty for a service that is received here,
or ``catalogue``: its address is in the list of endpoints, since addresses change more often than services do. That has
the shape of NHS England's Endpoint Catalogue: service_id, endpoint, valid_from, valid_to. A service that is not in it
on the day takes no messages. Days are both included, ``valid_to`` empty for no end. Loading a file replaces its list.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from pathlib import Path
from urllib.parse import urlsplit

from django.db import connection, transaction

from commonweal.apps.exchange.arriving import ODS_CODE
from commonweal.apps.exchange.errors import BadServices

COLUMNS = ("service_id", "organisation", "name", "endpoint", "valid_from", "valid_to")
ENDPOINT_COLUMNS = ("service_id", "endpoint", "valid_from", "valid_to")
CATALOGUE = "catalogue"
HERE = ("127.0.0.1", "localhost")


@dataclass(frozen=True, slots=True)
class Service:
    """One row. ``endpoint`` '' is here; ``CATALOGUE`` is a service whose address is not known on the day."""

    service_id: str
    organisation: str
    name: str
    endpoint: str
    valid_from: date = date.min
    valid_to: date = date.max

    @property
    def reached(self) -> bool:
        """Whether messages can be sent to it."""
        return self.endpoint != CATALOGUE


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the messages to a service go, between two days."""

    service_id: str
    endpoint: str
    valid_from: date = date.min
    valid_to: date = date.max


_SELECT = """
SELECT s.service_id, s.organisation, s.name,
    CASE WHEN s.endpoint = 'catalogue' THEN coalesce(e.endpoint, s.endpoint) ELSE s.endpoint END,
    s.valid_from, s.valid_to
FROM exchange_bars_service s LEFT JOIN exchange_bars_endpoint e
    ON e.service_id = s.service_id AND %(on)s BETWEEN e.valid_from AND e.valid_to
WHERE %(on)s BETWEEN s.valid_from AND s.valid_to
"""


def service(service_id: str, on: date) -> Service | None:
    """The service of this id on the day."""
    with connection.cursor() as cursor:
        cursor.execute(_SELECT + "AND s.service_id = %(id)s", {"on": on, "id": service_id})
        row = cursor.fetchone()
    return None if row is None else Service(*row)


def services(on: date) -> list[Service]:
    """Every service on the day, by name."""
    with connection.cursor() as cursor:
        cursor.execute(_SELECT + "ORDER BY s.name, s.service_id", {"on": on})
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


def load_endpoints(path: Path) -> list[Endpoint]:
    """Replace the list of endpoints by a file's. As the batch role. Raises ``BadServices``."""
    found = [
        Endpoint(cells["service_id"], _address(where, cells["endpoint"]), *_days(where, cells))
        for where, cells in _rows(path, ENDPOINT_COLUMNS)
    ]
    for one in found:
        if not one.service_id.isalnum() or not one.endpoint:
            raise BadServices(f"{path.name}: give the service id and the address of each; leave out what has none")
    _once_a_day(path.name, found)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM exchange_bars_endpoint")
        cursor.executemany(
            "INSERT INTO exchange_bars_endpoint (service_id, endpoint, valid_from, valid_to) VALUES (%s, %s, %s, %s)",
            [(one.service_id, one.endpoint, one.valid_from, one.valid_to) for one in found],
        )
    return found


def endpoints(on: date) -> list[Endpoint]:
    """Every endpoint of the list on the day, by service."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT service_id, endpoint, valid_from, valid_to FROM exchange_bars_endpoint "
            "WHERE %s BETWEEN valid_from AND valid_to ORDER BY service_id",
            [on],
        )
        return [Endpoint(*row) for row in cursor.fetchall()]


def read(path: Path) -> list[Service]:
    """The services of a file, held against the rules above."""
    found = [_service(where, cells) for where, cells in _rows(path, COLUMNS)]
    _once_a_day(path.name, found)
    return found


def _rows(path: Path, columns: tuple[str, ...]) -> list[tuple[str, dict[str, str]]]:
    """(file and line, cells) of each row of a CSV file with these columns. Raises ``BadServices``; also for none."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            missing = [name for name in columns if name not in (rows.fieldnames or ())]
            if missing:
                raise BadServices(f"{path.name} lacks the column {missing[0]}; it needs {', '.join(columns)}")
            found = [
                (f"{path.name} line {number}", {column: (row.get(column) or "").strip() for column in columns})
                for number, row in enumerate(rows, 2)
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as bad:
        raise BadServices(f"{path.name} cannot be read ({type(bad).__name__}); name a CSV file in UTF-8") from None
    if not found:
        raise BadServices(f"{path.name} names no service; one a line")
    return found


def _once_a_day(name: str, found: Sequence[Service | Endpoint]) -> None:
    for one, other in combinations(found, 2):
        overlap = one.valid_from <= other.valid_to and other.valid_from <= one.valid_to
        if one.service_id == other.service_id and overlap:
            raise BadServices(f"{name}: service {one.service_id} is told twice for some days")


def _service(where: str, cells: Mapping[str, str]) -> Service:
    if not cells["service_id"].isalnum() or not ODS_CODE.fullmatch(cells["organisation"]) or not cells["name"]:
        raise BadServices(f"{where}: give the service id, the ODS code of its organisation, and its name")
    endpoint = cells["endpoint"] if cells["endpoint"] == CATALOGUE else _address(where, cells["endpoint"])
    return Service(cells["service_id"], cells["organisation"], cells["name"], endpoint, *_days(where, cells))


def _address(where: str, endpoint: str) -> str:
    parts = urlsplit(endpoint)
    if endpoint and parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in HERE):
        raise BadServices(f"{where}: an endpoint begins with https://; people's data is sent to it")
    return endpoint


def _days(where: str, cells: Mapping[str, str]) -> tuple[date, date]:
    try:
        return (
            date.fromisoformat(cells["valid_from"]) if cells["valid_from"] else date.min,
            date.fromisoformat(cells["valid_to"]) if cells["valid_to"] else date.max,
        )
    except ValueError:
        raise BadServices(f"{where}: write days as yyyy-mm-dd") from None
