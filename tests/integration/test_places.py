"""Reference data: loaded wholly or not at all, dated succession followed."""

from datetime import date
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("database")

ORGANISATIONS = """\
ods_code,name,kind,roles,parent,place,network,address_postcode,valid_from,valid_to,successor
QT1,Example ICS,icb,RO318,,,,,2015-04-01,,
P01,North Place,place,,QT1,P01,,,2015-04-01,,
N01,Riverside Network,network,,P01,P01,N01,,2019-07-01,,
N02,Hill Network,network,,P01,P01,N02,,2019-07-01,,
A10001,Old Mill Surgery,practice,RO177,N01,P01,N01,ZZ1 1AA,2015-04-01,2019-03-31,A10002
A10002,Market Surgery,practice,RO177,N02,P01,N02,ZZ1 1AB,2015-04-01,2019-03-31,
A10002,New Market Surgery,practice,RO177,N02,P01,N02,ZZ1 1AB,2019-04-01,,
"""
SMALL_AREAS = """\
lsoa,name,place,council,imd_version,imd_rank,imd_decile,imd_quintile
E01000001,Area 1,P01,C1,2015,100,1,1
E01000001,Area 1,P01,C1,2019,9000,3,2
"""


def folder(tmp_path: Path, organisations: str = ORGANISATIONS) -> Path:
    (tmp_path / "reference").mkdir(exist_ok=True)
    (tmp_path / "reference" / "organisations.csv").write_text(organisations, encoding="utf-8")
    (tmp_path / "reference" / "small_areas.csv").write_text(SMALL_AREAS)
    (tmp_path / "reference" / "postcodes.csv").write_text("postcode,lsoa\nzz1 1aa,E01000001\nZZ1 1AB,E01000001\n")
    return tmp_path


def test_loading_twice_leaves_the_same_rows(tmp_path: Path) -> None:
    from commonweal.apps.places import api

    counts = api.load_reference(folder(tmp_path))
    assert counts == {"organisations": 7, "small_areas": 2, "postcodes": 2}
    before = api.organisations(), api.small_areas(), list(api.postcode_table())
    assert api.load_reference(tmp_path) == counts
    assert (api.organisations(), api.small_areas(), list(api.postcode_table())) == before


def test_an_organisation_is_what_it_was_on_the_day(tmp_path: Path) -> None:
    from commonweal.apps.places import api

    api.load_reference(folder(tmp_path))
    then = api.organisation("A10002", date(2019, 3, 31))
    now = api.organisation("A10002")
    assert then is not None
    assert now is not None
    assert (then.name, now.name) == ("Market Surgery", "New Market Surgery")
    assert api.organisation("A10001", date(2019, 4, 1)) is None
    assert api.name_of("A10002") == "New Market Surgery"
    assert api.name_of("X99") == "X99"


def test_a_merged_practice_has_the_footprints_of_its_successor(tmp_path: Path) -> None:
    from commonweal.apps.places import api

    api.load_reference(folder(tmp_path))
    assert api.practice_footprints() == {"A10001": ("N02", "P01", "QT1"), "A10002": ("N02", "P01", "QT1")}


def test_a_postcode_leads_to_its_area_by_the_newest_index(tmp_path: Path) -> None:
    from commonweal.apps.places import api

    api.load_reference(folder(tmp_path))
    area = api.small_area_of("zz11aa")
    assert area is not None
    assert (area.lsoa, area.imd_version, area.imd_quintile) == ("E01000001", "2019", 2)
    assert api.small_area_of("AB1 2CD") is None
    assert [area.imd_quintile for area in api.small_areas("2015")] == [1]


def test_footprints_come_widest_first(tmp_path: Path) -> None:
    from commonweal.apps.places import api

    api.load_reference(folder(tmp_path))
    assert [(one.kind, one.code, one.parent) for one in api.footprints()] == [
        ("system", "QT1", ""),
        ("place", "P01", "QT1"),
        ("network", "N01", "P01"),
        ("network", "N02", "P01"),
    ]


def test_a_bad_row_is_named_and_leaves_what_was_there(tmp_path: Path) -> None:
    from commonweal.apps.places import api

    api.load_reference(folder(tmp_path))
    bad = ORGANISATIONS.replace("2015-04-01,2019-03-31,A10002", "2015-04-31,2019-03-31,A10002")
    with pytest.raises(api.BadReferenceError, match=r"organisations\.csv line 6: "):
        api.load_reference(folder(tmp_path, bad))
    assert len(api.organisations()) == 7


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    from commonweal.apps.places import api

    with pytest.raises(api.BadReferenceError, match="no column successor"):
        api.load_reference(folder(tmp_path, ORGANISATIONS.replace(",successor\n", ",next\n")))


@pytest.mark.usefixtures("as_app")
def test_the_app_role_reads_and_cannot_write() -> None:
    from django.db import ProgrammingError, connection

    from commonweal.apps.places import api

    assert api.organisations("nothing") == []
    with pytest.raises(ProgrammingError, match="permission denied"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM places_organisation")
