"""A run over the changes ends where a run over everything would, with the same frequencies."""

from dataclasses import replace
from datetime import UTC, date, datetime
from random import Random
from typing import Any

import pytest

from commonweal.fhir.demographics import Demographics
from tests.integration.test_identity import ANNA, empty_tables, everything, land

pytestmark = pytest.mark.usefixtures("database")
__all__ = ["empty_tables"]  # a fixture that runs by itself

GIVEN = ["Elizabeth", "Liz", "Harriet", "Edward", "Ted", "Mohammed", "Mohamed", "Priya"]
FAMILY = ["Wojcik", "Smith", "Smyth", "Khan", "Patel", "Osei"]
NUMBERS = ["", "", "9990000018", "9990000026", "9990000034", "9990000042", "9999999999"]


def somebody(random: Random) -> Demographics:
    """A record from small pools, so that numbers, homes and names clash in every way."""
    return replace(
        ANNA,
        nhs_number=random.choice(NUMBERS),
        family=random.choice(FAMILY),
        given=(random.choice(GIVEN),),
        birth_date=random.choice([None, date(1950, 2, 11), date(1950, 11, 2), date(1984, 2, 11), date(1900, 1, 1)]),
        gender=random.choice(["male", "female", "unknown"]),
        postcode=random.choice(["NG1 1AA", "NG1 1AB", "NG9 9ZZ", ""]),
        practice=random.choice(["Y00001", "Y00002"]),
    )


def conclusions() -> list[Any]:
    """Every row a run writes, but for the samples, which a run over everything draws."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM identity_review WHERE kind = 'sample'")
    return everything()


@pytest.mark.parametrize("seed", range(2))
def test_changes_end_where_everything_would(seed: int) -> None:
    from commonweal.apps.identity import api

    random = Random(seed)
    source = [random.choice(["Y00001", "RXX", "E1000"]) for _ in range(60)]
    land(*((number, source[number], f"id-{number}", somebody(random)) for number in range(1, 30)))
    api.identify()
    for day in range(2):
        if day == 1:
            api.merge_within_source(source[3], "id-3", "id-4", datetime(2020, 5, 1, tzinfo=UTC), f"c{seed}")
        new = random.sample(range(1, 60), 8)  # some are new, some say something else now
        land(*((number, source[number], f"id-{number}", somebody(random)) for number in new))

        ran = api.identify(changed=True)
        after = conclusions()
        api.identify(keep_frequencies=True)

        assert ran["changed"] >= 1
        assert conclusions() == after


def test_with_nothing_changed_nothing_is_read_and_nothing_written() -> None:
    from commonweal.apps.identity import api

    land((1, "Y00001", "gp-1", ANNA), (2, "RXX", "mrn-1", ANNA))
    api.identify()
    before = everything()

    ran = api.identify(changed=True)

    assert (ran["changed"], ran["records"]) == (0, 0)
    assert everything() == before


def test_the_first_run_of_all_reads_everything() -> None:
    from commonweal.apps.identity import api

    land((1, "Y00001", "gp-1", ANNA))

    assert api.identify(changed=True)["records"] == 1


def test_a_days_record_reads_only_what_it_touches() -> None:
    from commonweal.apps.identity import api

    random = Random(9)
    land(*((number, "Y00001", f"id-{number}", replace(somebody(random), postcode=f"ZZ{number} 9AA",
        family=f"Family{chr(97 + number % 26)}{chr(97 + number // 26)}", nhs_number="",
        birth_date=date(1930 + number, 1, 2))) for number in range(1, 80)))  # fmt: skip
    land((90, "Y00001", "gp-1", ANNA))
    api.identify()
    land((91, "RXX", "mrn-1", replace(ANNA, given=("Liz",))))

    ran = api.identify(changed=True)

    assert ran["changed"] == 1
    assert ran["records"] <= 3
    assert api.person_of(91) == api.person_of(90)
