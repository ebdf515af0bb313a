"""The lake of this installation, and what the other apps give it to join."""

from collections.abc import Callable, Collection, Mapping
from datetime import date
from pathlib import Path
from uuid import UUID

from django.conf import settings

from commonweal.apps.access import api as access
from commonweal.apps.identity import api as identity
from commonweal.apps.places import api as places
from commonweal.apps.population.data import code_lists
from commonweal.apps.record import api as record
from commonweal.domain.population.codelists import in_force
from commonweal.lake.store import Lake, Reference, Refreshed


def open_lake() -> Lake:
    """The lake in the home folder."""
    return Lake(Path(settings.COMMONWEAL_HOME) / "lake", settings.COMMONWEAL_PSEUDONYM_KEY)


def as_at() -> date:
    """Today by the care clock: the day registers are counted on."""
    today: date = settings.COMMONWEAL_NOW().date()
    return today


def refresh_lake(lake: Lake, day: date, progress: Callable[[str], None]) -> Refreshed:
    """Bring the lake up to the record: everything changed since its watermark."""
    with lake.locked(), lake.private() as folder:
        changes = folder / "changes.csv"
        progress("export changes")
        before = lake.manifest
        people, gone = identity.probable_people(), forgotten()
        again = lake.returning(record.compartment_ids(), gone)
        with changes.open("wb") as out:
            watermark = record.changes(before.watermark if before.version else None, out, again)
        return lake.refresh(changes, watermark, _reference(day, people, left_out(), gone), progress)


def forgotten() -> frozenset[int]:
    """The compartments of which no use beyond care may have anything today: no file of the lake holds any of it."""
    out = identity.people_opted_out(access.Purpose.POPULATION_HEALTH, form=access.Form.COUNTS, always=True)
    return out.compartments


def forgotten_by(lake: Lake) -> set[int]:
    """The compartments that the lake as it is was told to forget."""
    return lake.returning(record.compartment_ids(), ())


def left_out() -> access.LeftOut:
    """Who and what counts for population health must leave out today: Type 1 opt-outs, unless the dated rules differ.

    The National Data Opt-out binds rows about people and not counts released under disclosure control; an extract
    asks for itself (``identity.api.people_opted_out``).
    """
    return identity.people_opted_out(access.Purpose.POPULATION_HEALTH, form=access.Form.COUNTS)


def _reference(day: date, people: Mapping[int, UUID], out: access.LeftOut, gone: Collection[int]) -> Reference:
    return Reference(
        people=people,
        codelist=[(name, code) for name, codes in in_force(code_lists(), day).items() for code in sorted(codes)],
        practice=[(practice, *areas) for practice, areas in places.practice_footprints().items()],
        small_area=[(area.lsoa, area.imd_quintile) for area in places.small_areas()],
        postcodes=places.postcode_table(),
        left_out=out.compartments,
        forgotten=gone,
    )
