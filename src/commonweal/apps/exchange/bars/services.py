"""Which service is whose and where: service id → organisation, and the address of a partner's receiver.

A CSV file with the columns service_id, organisation, name, endpoint, valid_from, valid_to: ``organisation`` an ODS
code; ``endpoint`` the HTTPS base address that messages to a partner go to, empty for a service that is received here,
or ``catalogue``: its address is in the list of endpoints, since addresses change more often than services do. That has
the shape of NHS England's Endpoint Catalogue: service_id, endpoint, valid_from, valid_to. A service that is not in it
on the day takes no messages. Days are both included, ``valid_to`` empty for no end. Loading a file replaces its list.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

from django.db import connection, transaction

from commonweal.apps.exchange import dated
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
    """Replace the list of endpoints by a file's, which may be empty. As the batch role. Raises ``BadServices``."""
    rows = [(where, _endpoint(where, cells)) for where, cells in dated.rows(path, ENDPOINT_COLUMNS, BadServices)]
    found = dated.once_a_day(rows, lambda one: one.service_id, "the service has two addresses", BadServices)
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
    """The services of a file, held against the rules above; none is refused. Raises ``BadServices``."""
    found = [(where, _service(where, cells)) for where, cells in dated.rows(path, COLUMNS, BadServices)]
    if not found:
        raise BadServices(f"{path.name} names no service; one a line")
    return dated.once_a_day(found, lambda one: one.service_id, "the service is told twice", BadServices)


def _service(where: str, cells: Mapping[str, str]) -> Service:
    if not cells["service_id"].isalnum() or not ODS_CODE.fullmatch(cells["organisation"]) or not cells["name"]:
        raise BadServices(f"{where}: give the service id, the ODS code of its organisation, and its name")
    endpoint = cells["endpoint"] if cells["endpoint"] == CATALOGUE else _address(where, cells["endpoint"])
    return Service(
        cells["service_id"], cells["organisation"], cells["name"], endpoint, *dated.days(where, cells, BadServices)
    )


def _endpoint(where: str, cells: Mapping[str, str]) -> Endpoint:
    if not cells["service_id"].isalnum() or not cells["endpoint"]:
        raise BadServices(f"{where}: give the service id and its address; leave out what has none")
    days = dated.days(where, cells, BadServices)
    return Endpoint(cells["service_id"], _address(where, cells["endpoint"]), *days)


def _address(where: str, endpoint: str) -> str:
    parts = urlsplit(endpoint)
    if endpoint and parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in HERE):
        raise BadServices(f"{where}: an endpoint begins with https://; people's data is sent to it")
    return endpoint
