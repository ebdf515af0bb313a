"""Identity against a real database: landing demographics, linking, searching, and who may see what."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import combinations
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from commonweal.fhir.demographics import Demographics

pytestmark = pytest.mark.usefixtures("database")

ANNA = Demographics(
    nhs_number="9990000018",
    nhs_number_status="01",
    family="Wojcik-Smith",
    given=("Elizabeth", "Anna"),
    birth_date=date(1950, 2, 11),
    death_date=None,
    gender="female",
    ethnicity="A",
    postcode="NG1 1AA",
    address_line="1 High Street",
    phone="0115 496 0000",
    practice="Y00001",
)
NUMBERS = ["9990000018", "9990000026", "9990000034", "9990000042"]


@pytest.fixture(autouse=True)
def empty_tables(database: str) -> Iterator[None]:
    from django.db import connection

    yield
    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE identity_demographics, identity_membership, identity_person, identity_event,"
            " identity_local_merge, identity_probable, identity_review"
        )
        cursor.execute("DELETE FROM identity_pair; DELETE FROM identity_run; DELETE FROM identity_changed")


def land(*rows: tuple[int, str, str, Demographics]) -> int:
    from commonweal.apps.identity import api

    return api.upsert_demographics(rows)


def identify() -> dict[str, Any]:
    from commonweal.apps.identity import api

    result = api.identify()
    result.pop("seconds")
    result.pop("uneven")
    return result


def everything() -> list[Any]:
    """All rows of the tables a run writes."""
    from django.db import connection

    rows: list[Any] = []
    with connection.cursor() as cursor:
        for statement in (
            "SELECT * FROM identity_membership ORDER BY 1",
            "SELECT * FROM identity_person ORDER BY 1",
            "SELECT * FROM identity_event ORDER BY 1",
            "SELECT * FROM identity_probable ORDER BY 1",
            "SELECT first, second, weight, reason, since FROM identity_review ORDER BY 1, 2",
        ):
            cursor.execute(statement)
            rows += cursor.fetchall()
    return rows


def people() -> dict[int, UUID]:
    from commonweal.apps.identity import api

    return api.people_of(range(1, 100))


def test_number_and_birth_date_link_what_direct_care_sees_and_a_second_run_changes_nothing() -> None:
    from commonweal.apps.identity import api

    land(
        (1, "Y00001", "gp-1", ANNA),
        (2, "RXX", "mrn-1", replace(ANNA, given=("Liz",), family="Wójcik Smith", postcode="NG9 9ZZ")),
        (3, "RXX", "mrn-2", replace(ANNA, nhs_number=NUMBERS[1], family="Other", given=("Jane",))),
    )

    assert identify() == {"records": 3, "people": 2, "verified": 2, "probable": 0, "review": 0}

    person = api.person_of(1)
    assert person is not None
    assert api.compartments_of(person) == {1: "Y00001", 2: "RXX"}
    assert api.person_of(3) not in {None, person}
    assert api.basis_of([1, 2, 3]) == {1: "verified", 2: "verified", 3: "alone"}
    before = everything()
    identify()
    assert everything() == before


def test_same_demographics_again_are_not_a_change_and_a_different_one_is() -> None:
    assert land((1, "Y00001", "gp-1", ANNA)) == 1
    assert land((1, "Y00001", "gp-1", ANNA)) == 0
    assert land((1, "Y00001", "gp-1", replace(ANNA, postcode="NG2 2BB"))) == 1


def test_a_number_typed_into_a_twins_record_never_joins_the_twins() -> None:
    land(
        (1, "Y00001", "gp-1", ANNA),
        (2, "Y00001", "gp-2", replace(ANNA, nhs_number=NUMBERS[1], given=("Harriet",))),
        (3, "RXX", "mrn-1", replace(ANNA, given=("Harriet",))),  # Harriet's episode under Elizabeth's number
    )

    result = identify()

    assert len(set(people().values())) == 3
    assert result["review"] >= 1
    assert (1, 3, "same number and birth date, but given names differ") in reviews()


def reviews() -> set[tuple[int, int, str]]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT first, second, reason FROM identity_review")
        return set(cursor.fetchall())


def test_a_probable_link_serves_analysis_and_never_direct_care() -> None:
    from commonweal.apps.identity import api

    land(
        (1, "Y00001", "gp-1", ANNA),
        (2, "E1000", "la-1", replace(ANNA, nhs_number="", given=("Elisabeth",))),
    )

    result = identify()

    assert (result["verified"], result["probable"]) == (0, 2)
    assert api.person_of(1) != api.person_of(2)
    assert len(set(api.probable_people().values())) == 1
    assert {row[3] for row in api.crosswalk()} == {api.person_of(1)}  # the older person stands for both


def test_an_old_and_a_new_number_are_never_bridged_nor_shown_for_review() -> None:
    from commonweal.apps.identity import api

    land(
        (1, "Y00001", "gp-1", ANNA),
        (2, "Y00001", "gp-2", replace(ANNA, nhs_number=NUMBERS[1], given=("Edward",), gender="male")),
        (3, "RXX", "mrn-1", ANNA),
    )
    api.merge_within_source("Y00001", "gp-2", "gp-1", datetime(2020, 5, 1, tzinfo=UTC), "m1")

    identify()

    assert api.person_of(1) == api.person_of(3)
    assert api.person_of(2) != api.person_of(1)
    assert len(set(api.probable_people().values())) == 2
    assert {row[:2] for row in reviews()} == {(1, 2)}  # only because their own source merged them
    assert all("merged by their source" in row[2] for row in reviews())


def test_a_merge_by_the_source_links_and_may_come_before_the_records() -> None:
    from commonweal.apps.identity import api

    at = datetime(2020, 5, 1, tzinfo=UTC)
    assert api.merge_within_source("RXX", "mrn-1", "mrn-2", at, "c1") is True
    assert api.merge_within_source("RXX", "mrn-1", "mrn-2", at, "c1") is False
    land((1, "RXX", "mrn-1", ANNA))
    identify()
    first = api.person_of(1)
    land((2, "RXX", "mrn-2", replace(ANNA, nhs_number="", family="Baker", birth_date=None)))

    identify()

    assert api.person_of(2) == first
    assert api.basis_of([2]) == {2: "merged"}


def test_a_person_keeps_one_identifier_through_merge_and_split() -> None:
    from commonweal.apps.identity import api

    unknown = replace(ANNA, nhs_number="", given=("Baby",), birth_date=None, postcode="")
    land((1, "Y00001", "gp-1", ANNA), (2, "RXX", "mrn-1", unknown))
    identify()
    one, two = api.person_of(1), api.person_of(2)
    assert one is not None
    assert two is not None

    land((2, "RXX", "mrn-1", ANNA))
    identify()
    assert api.people_of([1, 2]) == {1: one, 2: one}
    assert api.current_person(two) == one

    land((2, "RXX", "mrn-1", replace(unknown, given=("Quentin",), family="Zed", gender="male")))
    identify()
    assert api.people_of([1, 2]) == {1: one, 2: two}
    assert api.current_person(two) == two
    assert history() == [("merge", 2, two, one), ("split", 2, one, two)]


def history() -> list[tuple[str, int, UUID, UUID]]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT kind, compartment_id, before, after FROM identity_event ORDER BY id")
        return list(cursor.fetchall())


@pytest.mark.parametrize(
    "asked",
    [
        {"text": "elizabeth wojcik"},
        {"text": "WÓJCIK-SMITH, Elizabeth"},
        {"text": "wojcik 11/02/1950"},
        {"text": "999 000 0018"},
        {"nhs_number": "999 000 0018", "birth_date": date(1950, 2, 11)},
        {"birth_date": date(1950, 2, 11), "postcode": "ng11aa"},
        {"name": "Wojzik-Smith"},
        {"text": "wojcik smith"},
    ],
)
def test_search_finds_the_person_by_what_staff_type(asked: dict[str, Any]) -> None:
    from commonweal.apps.identity import api

    land((1, "Y00001", "gp-1", ANNA), (2, "RXX", "mrn-1", ANNA), (3, "RXX", "mrn-2", replace(ANNA, nhs_number="")))
    identify()

    found = api.search_people(**asked)

    assert api.person_of(1) in [candidate.person_id for candidate in found]
    assert next(c for c in found if c.person_id == api.person_of(1)).compartments == {1: "Y00001", 2: "RXX"}


@pytest.mark.parametrize(
    "asked",
    [{}, {"text": "  "}, {"text": "%"}, {"postcode": "NG1 1AA"}, {"text": "wojcik", "birth_date": date(1951, 2, 11)}],
)
def test_search_without_enough_to_go_on_or_with_a_difference_finds_nobody(asked: dict[str, Any]) -> None:
    from commonweal.apps.identity import api

    land((1, "Y00001", "gp-1", ANNA))
    identify()

    assert api.search_people(**asked) == []


class TestTheApplicationRole:
    @pytest.fixture(autouse=True)
    def linked(self, database: str) -> None:
        land((1, "Y00001", "gp-1", ANNA), (2, "RXX", "mrn-1", ANNA))
        identify()

    @pytest.fixture(autouse=True)
    def role(self, linked: None, as_app: None) -> None:
        """The tests of this class run as the role that serves people."""

    def test_sees_no_demographics_until_they_are_open_in_a_compartment(self) -> None:
        from django.db import connection, transaction

        from commonweal.apps.identity import api

        assert api.demographics_of([1, 2]) == {}
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('commonweal.compartments', '2', true)")
                for other in ("", "clinical,social_care"):
                    cursor.execute("SELECT set_config('commonweal.categories', %s, true)", [other])
                    assert api.demographics_of([1, 2]) == {}
                cursor.execute("SELECT set_config('commonweal.categories', 'clinical,demographics', true)")
            assert list(api.demographics_of([1, 2])) == [2]
        assert api.demographics_of([1, 2]) == {}

    def test_finds_people_and_learns_only_where_to_ask(self) -> None:
        from commonweal.apps.identity import api

        (candidate,) = api.search_people("wojcik")
        assert candidate.compartments == {1: "Y00001", 2: "RXX"}
        assert api.demographics_of(candidate.compartments) == {}

    @pytest.mark.parametrize("table", ["identity_probable", "identity_review", "identity_event"])
    def test_cannot_read_what_is_for_analysis_or_review(self, table: str) -> None:
        from django.db import DatabaseError, connection
        from psycopg import sql

        with connection.cursor() as cursor, pytest.raises(DatabaseError, match="permission denied"):
            cursor.execute(sql.SQL("SELECT 1 FROM {}").format(sql.Identifier(table)))

    def test_cannot_write_links(self) -> None:
        from django.db import DatabaseError, connection

        with connection.cursor() as cursor, pytest.raises(DatabaseError, match="permission denied"):
            cursor.execute("UPDATE identity_membership SET basis = 'confirmed'")


def test_the_private_copy_of_names_is_gone_afterwards_and_so_is_what_a_killed_run_left() -> None:
    from django.conf import settings

    home = Path(settings.COMMONWEAL_HOME)
    left = home / "private" / "identify" / "left-by-a-kill"
    left.mkdir(parents=True)
    (left / "records.csv").write_text("1,Elizabeth")
    land((1, "Y00001", "gp-1", ANNA))

    identify()

    assert not list((home / "private").rglob("*.csv"))
    assert not left.exists()


def test_two_runs_at_once_are_refused(database: str) -> None:
    import psycopg
    from django.conf import settings

    from commonweal.apps.identity import api

    default = settings.DATABASES["default"]
    with psycopg.connect(
        host=default["HOST"],
        port=default["PORT"] or None,
        user="commonweal_batch",
        password=default["PASSWORD"],
        dbname=database,
        autocommit=True,
    ) as other:
        other.execute("SELECT pg_advisory_lock(62064)")
        with pytest.raises(api.IdentifyBusy, match="another identify run"):
            api.identify()
    land((1, "Y00001", "gp-1", ANNA))


def test_links_do_not_depend_on_the_order_records_came() -> None:
    from commonweal.apps.identity import api

    records = [
        ("Y00001", "gp-1", ANNA),
        ("RXX", "mrn-1", replace(ANNA, given=("Liz",))),
        ("E1000", "la-1", replace(ANNA, nhs_number="", given=("Elisabeth",))),
        ("Y00001", "gp-2", replace(ANNA, nhs_number=NUMBERS[1], given=("Harriet",))),
    ]
    seen = set()
    for order in ([0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]):
        land(*((place + 1, *records[index]) for place, index in enumerate(order)))
        identify()
        rows = api.crosswalk()
        seen.add(tuple((a[1], b[1], a[2] == b[2], a[3] == b[3]) for a, b in combinations(rows, 2)))
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE identity_demographics, identity_membership, identity_person, identity_probable")
    assert len(seen) == 1


def test_evaluation_counts_pairs(tmp_path: Path) -> None:
    from commonweal.apps.identity import api

    (tmp_path / "compartments.csv").write_text(
        "source,feed,local_id,person\nY00001,gp,gp-1,p1\nRXX,adt,mrn-1,p1\nE1000,cld,la-1,p1\nE1000,cld,never-landed,p1\n"
    )
    land(
        (1, "Y00001", "gp-1", ANNA),
        (2, "RXX", "mrn-1", ANNA),
        (3, "E1000", "la-1", replace(ANNA, nhs_number="")),
    )
    identify()

    result = api.evaluate(tmp_path)

    assert result["verified"] == {"precision": 1.0, "recall": round(1 / 6, 6), "pairs": 6, "wrong": 0, "missed": 5}
    assert result["probable"] == {"precision": 1.0, "recall": 0.5, "pairs": 6, "wrong": 0, "missed": 3}
