"""One accepted line: as it came, field by field, what it changed, and whom the audit says was looked at."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client

pytestmark = pytest.mark.usefixtures("database")
MESSAGE = (
    "MSH|^~\\&|PAS|RX9|EXCHANGE|ICS|202010310900||ADT^A01|ACC0001|P|2.4|||||GBR|UNICODE UTF-8\r"
    "EVN|A01|202010310900||||202010310855\r"
    "PID|1||9990000034^^^NHS^NH~77^^^RX9^MR||Shaw^Ann||19500102|F\r"
    "PV1|1|I|AMU^^^RX9|21|||||||||||||||55|||||||||||||||||||||||||202010310855\r"
)
ROWS = (
    "PatientId,NHSNumber,GivenName,FamilyName,BirthDate,Gender,Postcode,IncidentId,CallTime,ClearTime,Category,"
    "Complaint,Disposition,Destination\n"
    "A1,9990000042,Bea,Moss,1940-01-02,F,ZZ99 3WZ,I1,2020-10-30 09:30:00,2020-10-30 10:30:00,2,fall,conveyed,RX9\n"
)


# Two in a batch: one that is whole, with the trailer of the batch after it, and one of which nothing can be made.
BATCH = (
    "FHS|^~\\&|PAS|RX9\rBHS|^~\\&|PAS|RX9\r"
    + MESSAGE.replace("ACC0001", "ACC0002").replace("ADT^A01", "ADT^Z99").replace("Shaw^Ann", "Secret^Sid")
    + MESSAGE.replace("ACC0001", "ACC0003")
    + "BTS|2\rFTS|1\r"
)
BROKEN = ROWS + "A2,9990000050,Sid,Secret,not a date,M,ZZ99 3WZ,I2,2020-10-30 09:30:00,2020-10-30 10:30:00,2,,,\n"


@pytest.fixture(scope="module")
def receipts(database: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    from commonweal.apps.access import api as access
    from commonweal.apps.exchange import api as exchange

    folder = tmp_path_factory.mktemp("accepted")
    found = {}
    for called, feed, source, text in (
        ("adt", "adt", "RX9", MESSAGE),
        ("ambulance", "ambulance", "RA9", ROWS),
        ("batch", "adt", "RX9", BATCH),
        ("broken", "ambulance", "RA9", BROKEN),
    ):
        path = Path(folder) / f"{called}.{feed}"
        path.write_bytes(text.encode())
        found[called] = exchange.land(feed, [path], source)["files"][0]["receipt"]
    for name, role in (("mender", "administrator"), ("leader", "performance_lead")):
        access.create_user(name, "a long password", access.Role(role), "ICB", name)
    return found


@pytest.fixture
def web() -> Iterator[None]:
    connection.close()
    connection.settings_dict["USER"] = "commonweal_app"
    yield
    connection.close()
    connection.settings_dict["USER"] = "commonweal_batch"


def visit(name: str) -> Client:
    from commonweal.apps.access.models import User

    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(User.objects.get(username=name), backend="commonweal.apps.access.sessions.Accounts")
    return client


def audited(action: str) -> list[Any]:
    connection.close()
    connection.settings_dict["USER"] = "commonweal_batch"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.actor, a.outcome, count(s.*) FROM access_audit a LEFT JOIN access_audit_subject s "
            "ON s.audit_id = a.id WHERE a.action = %s GROUP BY a.id, a.actor, a.outcome ORDER BY a.id",
            [action],
        )
        return list(cursor.fetchall())


def test_a_message_is_shown_with_what_it_changed_and_audited_against_its_person(
    receipts: dict[str, int], web: None
) -> None:
    page = visit("mender").get(f"/feeds/{receipts['adt']}/accepted/1").content.decode()
    for text in (
        "PID-5 Patient name",
        "Shaw^Ann",
        "MSH-10 Message control id",
        "Encounter/",
        "Patient/",
        "As it stands",
    ):
        assert text in page
    assert audited("read accepted line") == [("user:mender", "allowed", 1)]


@pytest.mark.parametrize(("file", "line"), [("batch", 3), ("broken", 3)])
def test_of_what_was_set_aside_there_is_only_the_way_to_the_page_of_that(
    receipts: dict[str, int], web: None, file: str, line: int
) -> None:
    page = visit("mender").get(f"/feeds/{receipts[file]}/accepted/{line}").content.decode()
    assert "Secret" not in page
    assert "Nothing was made of this line" in page
    assert f'href="/feeds/{receipts[file]}/lines/{line}"' in page


def test_the_last_message_of_a_batch_is_not_called_refused_for_the_trailer_after_it(
    receipts: dict[str, int], web: None
) -> None:
    page = visit("mender").get(f"/feeds/{receipts['batch']}/accepted/7").content.decode()
    assert "Shaw^Ann" in page
    assert "BTS" not in page
    assert "set aside" not in page


def test_a_row_is_shown_by_its_columns_and_as_what_it_became(receipts: dict[str, int], web: None) -> None:
    client = visit("mender")
    page = client.get(f"/feeds/{receipts['ambulance']}/accepted/2").content.decode()
    for text in ('<dt class="nhsuk-summary-list__key">Complaint</dt>', "fall", "Encounter", "2020-10-30"):
        assert text in page
    assert client.get(f"/feeds/{receipts['ambulance']}/accepted/99").status_code == 404
    assert client.get(f"/feeds/{receipts['ambulance']}/accepted?line=2")["Location"].endswith("/accepted/2")


def test_a_message_is_found_by_its_control_id(receipts: dict[str, int], web: None) -> None:
    client = visit("mender")
    found = client.post("/feeds/messages", {"control": "ACC0001"}).content.decode()
    assert f"/feeds/{receipts['adt']}/accepted/1" in found
    assert "No message that was accepted" in client.post("/feeds/messages", {"control": "ACC"}).content.decode()


def test_who_only_counts_feeds_sees_no_line(receipts: dict[str, int], web: None) -> None:
    assert visit("leader").get(f"/feeds/{receipts['adt']}/accepted/1").status_code == 403
    assert visit("leader").post("/feeds/messages", {"control": "ACC0001"}).status_code == 403
