"""Reads of the places app. Codes and names of organisations and areas: nothing here is about a person."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.db.models import Q

from commonweal.apps.places.models import OrganisationRow, PostcodeRow, SmallAreaRow
from commonweal.apps.places.postcodes import normalised

FOOTPRINT_KINDS = {"icb": "system", "place": "place", "network": "network"}


@dataclass(frozen=True, slots=True)
class Organisation:
    """One organisation between two dates; ``valid_to`` is the last day it was true, None while it still is."""

    ods_code: str
    name: str
    kind: str
    roles: str
    parent: str
    place: str
    network: str
    address_postcode: str
    valid_from: date
    valid_to: date | None
    successor: str


@dataclass(frozen=True, slots=True)
class Footprint:
    """An area figures are given for: kind ``system``, ``place`` or ``network``."""

    kind: str
    code: str
    name: str
    parent: str


@dataclass(frozen=True, slots=True)
class SmallArea:
    """A lower-layer super output area; decile and quintile 1 are the most deprived."""

    lsoa: str
    name: str
    place: str
    council: str
    imd_version: str
    imd_rank: int
    imd_decile: int
    imd_quintile: int


_ORGANISATION_FIELDS = tuple(Organisation.__dataclass_fields__)
_SMALL_AREA_FIELDS = tuple(SmallArea.__dataclass_fields__)


def organisation(ods: str, on: date | None = None) -> Organisation | None:
    """The organisation with this ODS code on a date (its latest form when no date is given)."""
    rows = OrganisationRow.objects.filter(ods_code=ods)
    if on is not None:
        rows = rows.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=on), valid_from__lte=on)
    found = rows.order_by("-valid_from").values_list(*_ORGANISATION_FIELDS).first()
    return Organisation(*found) if found else None


def forms_of(ods: str) -> list[Organisation]:
    """Every dated form of the organisation with this ODS code, earliest first; empty for one not loaded."""
    rows = OrganisationRow.objects.filter(ods_code=ods).order_by("valid_from").values_list(*_ORGANISATION_FIELDS)
    return [Organisation(*row) for row in rows]


def organisations(kind: str | None = None, on: date | None = None) -> list[Organisation]:
    """Every organisation, in every dated form, or those of one kind; with ``on``, only those true on that day."""
    rows = OrganisationRow.objects.all()
    if kind is not None:
        rows = rows.filter(kind=kind)
    if on is not None:
        rows = rows.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=on), valid_from__lte=on)
    return [Organisation(*row) for row in rows.order_by("ods_code", "valid_from").values_list(*_ORGANISATION_FIELDS)]


def names_of(codes: Iterable[str]) -> dict[str, str]:
    """Latest name of each code; a code nobody knows is its own name."""
    wanted = set(codes)
    with connection.cursor() as cursor:  # by hand: every record page asks
        cursor.execute(
            "SELECT ods_code, name FROM places_organisation WHERE ods_code = ANY (%s) ORDER BY valid_from",
            [list(wanted)],
        )
        known = dict(cursor.fetchall())
    return {code: known.get(code, code) for code in wanted}


def name_of(ods: str) -> str:
    """Latest name of an organisation; a code nobody knows is its own name."""
    return names_of([ods])[ods]


def footprints() -> list[Footprint]:
    """System, places and networks as they stand now, widest first, each with the code of its parent."""
    latest: dict[str, Organisation] = {
        row.ods_code: row for kind in FOOTPRINT_KINDS for row in organisations(kind) if row.valid_to is None
    }
    order = list(FOOTPRINT_KINDS)
    return [
        Footprint(FOOTPRINT_KINDS[row.kind], row.ods_code, row.name, row.parent)
        for row in sorted(latest.values(), key=lambda row: (order.index(row.kind), row.ods_code))
    ]


def practice_footprints() -> dict[str, tuple[str, str, str]]:
    """Network, place and system of every practice code ever issued; a merged practice has its successor's."""
    latest = {row.ods_code: row for row in organisations("practice")}
    systems = {row.ods_code: row.parent for row in organisations("place")}
    found: dict[str, tuple[str, str, str]] = {}
    for code, issued in latest.items():
        row, seen = issued, {code}
        while row.successor in latest and row.successor not in seen:
            seen.add(row.successor)
            row = latest[row.successor]
        found[code] = (row.network or row.parent, row.place, systems.get(row.place, ""))
    return found


def small_area_of(postcode: str) -> SmallArea | None:
    """The small area a postcode lies in, by the newest index version; None for a postcode not in the table."""
    lsoa = PostcodeRow.objects.filter(postcode=normalised(postcode)).values_list("lsoa", flat=True).first()
    if lsoa is None:
        return None
    row = SmallAreaRow.objects.filter(lsoa=lsoa).order_by("-imd_version").values_list(*_SMALL_AREA_FIELDS).first()
    return SmallArea(*row) if row else None


def small_areas(imd_version: str | None = None) -> list[SmallArea]:
    """Every small area, by one version of the deprivation index (the newest each area has, if none is named)."""
    rows = SmallAreaRow.objects.order_by("lsoa", "imd_version")
    if imd_version is not None:
        rows = rows.filter(imd_version=imd_version)
    latest = {row[0]: SmallArea(*row) for row in rows.values_list(*_SMALL_AREA_FIELDS)}
    return list(latest.values())


def postcode_table() -> Iterator[tuple[str, str]]:
    """Every (postcode without space, small area), streamed by COPY in postcode order."""
    with (
        connection.cursor() as cursor,
        cursor.copy("COPY (SELECT postcode, lsoa FROM places_postcode ORDER BY postcode) TO STDOUT") as rows,
    ):
        rows.set_types(["text", "text"])
        yield from rows.rows()
