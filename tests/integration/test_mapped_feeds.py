"""Feeds that are read by a supplier's mapping, landed on a real database."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection

from tests.landing_files import empty, state

HEADER = (
    "PatientId,NHSNumber,GivenName,FamilyName,BirthDate,Gender,EthnicCategory,Postcode,GPPracticeCode,RecordType,"
    "RecordId,ReferralId,Date,EndDate,TeamName,TeamType,ReferralReason,ContactType,Attended"
)
PERSON = "9990000018,Ada,Ashworth,01/02/1950,2,A,ZA1 1AA,X90001"
REFERRAL = f"P1,{PERSON},referral,R1,,01/09/2020,,District Nursing,Nursing,Wound care,,"
CONTACT = f"P1,{PERSON},contact,C1,R1,08/09/2020,,District Nursing,Nursing,Wound care,Home visit,attended"
OWN = """
feed: community
supplier: acme
valid_from: {day}
sources: [RY8]
columns:
  Client: {{required: true}}
  NHS No:
  Visit: {{required: true}}
  Seen: {{date: '%Y-%m-%d', required: true}}
  How: {{required: true}}
person: {{local_id: Client, nhs_number: NHS No}}
latest_by: Seen
code_maps:
  how: {{{how}}}
resources:
  visit:
    type: Encounter
    reference: Visit
    elements:
      status: {{value: finished}}
      class: {{column: How, map: how, system: encounter-class}}
      period.start: Seen
"""


@pytest.fixture(autouse=True)
def clean(database: str) -> Iterator[None]:
    from django.conf import settings

    empty()
    yield
    for path in (settings.COMMONWEAL_HOME / "feeds").rglob("*.yaml"):
        path.unlink()


def rows(statement: str, *values: object) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(values))
        return cursor.fetchall()


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def own(day: date, how: str, sources: str = "[RY8]") -> None:
    from django.conf import settings

    folder = settings.COMMONWEAL_HOME / "feeds" / "community"
    folder.mkdir(parents=True, exist_ok=True)
    text = OWN.format(day=day, how=how).replace("[RY8]", sources)
    (folder / f"acme-{day}.yaml").write_text(text, "utf-8")


def test_a_mapped_feed_lands_with_quarantine_receipt_and_relationship_like_any_other(tmp_path: Path) -> None:
    from commonweal.apps.exchange import api

    path = write(tmp_path / "RY9.csv", HEADER, REFERRAL, CONTACT, CONTACT.replace("C1", "C2").replace("08/09", "31/09"))
    first = api.land("community", [path], "RY9")
    assert (first["read"], first["accepted"], first["quarantined"], first["resources"]) == (3, 2, 1, 3)
    assert [(item.line, item.field, item.rule) for item in api.quarantine()] == [(4, "Date", "format-date")]
    assert rows("SELECT type, category FROM record_resource ORDER BY type") == [
        ("Encounter", "clinical"),
        ("EpisodeOfCare", "clinical"),
        ("Patient", "demographics"),
    ]
    assert rows("SELECT DISTINCT kind FROM access_relationship WHERE organisation = 'RY9'") == [("under_care",)]
    before = state()
    again = api.land("community", [path], "RY9")
    assert (again["duplicate"], again["accepted"]) == (3, 0)
    assert state() == before


def test_the_receipt_keeps_what_the_file_was_read_with(tmp_path: Path) -> None:
    from commonweal.apps.exchange import api

    api.land("community", [write(tmp_path / "RY9.csv", HEADER, CONTACT)], "RY9")
    ((label, text),) = rows(
        "SELECT v.label, v.text FROM exchange_mappingversion v JOIN exchange_receipt r ON r.mapping = v.digest"
    )
    assert label == "community/generic-2015-04-01.yaml"
    assert "RecordType" in str(text)


def test_a_source_without_a_mapping_is_refused_before_anything_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.conf import settings

    from commonweal.apps.exchange import api

    monkeypatch.setattr(settings, "COMMONWEAL_NOW", lambda: datetime(2010, 1, 1, tzinfo=UTC))

    path = write(tmp_path / "X.csv", "a,b")
    with pytest.raises(api.NoMapping, match="commonweal feeds new"):
        api.land("ambulance", [path], "NOBODY")
    assert rows("SELECT count(*) FROM exchange_receipt") == [(0,)]


def test_a_mapping_that_cannot_be_followed_stops_a_landing_with_the_nearest_right_name(tmp_path: Path) -> None:
    from commonweal.apps.exchange import api
    from commonweal.feeds.mapped.language import MappingFault

    own(date(2020, 1, 1), "h: HOM")
    with pytest.raises(MappingFault, match="'HOM' is not a code of it"):
        api.land("community", [write(tmp_path / "RY8.csv", "Client")], "RY8")


def test_quarantined_rows_are_read_again_with_todays_mapping(tmp_path: Path) -> None:
    from django.conf import settings

    from commonweal.apps.exchange import api

    today = settings.COMMONWEAL_NOW().date()
    own(today - timedelta(days=10), "h: HH")
    path = write(tmp_path / "RY8.csv", "Client,NHS No,Visit,Seen,How", "1,,V1,2020-09-01,h", "1,,V2,2020-09-02,t")
    first = api.land("community", [path], "RY8")
    assert (first["accepted"], first["quarantined"]) == (1, 1)
    assert api.quarantine()[0].rule == "code-not-in-map"
    own(today, "h: HH, t: VR")
    assert api.replay(first["files"][0]["receipt"])["accepted"] == 1
    assert api.quarantine() == []


APC = (
    "NHSNumber,LocalPatientId,BirthDate,Sex,EthnicCategory,Postcode,GPPracticeCode,ProviderCode,SpellId,EpisodeNumber,"
    "AdmissionDate,DischargeDate,AdmissionMethod,PrimaryDiagnosis,PrimaryProcedure,HRG,TariffPence"
)
SPELL = "9990000018,L77,1950-02-01,2,A,ZA1 1AA,X90001,RZ1,S123,1,2020-09-01,2020-09-04,21,I219,,EB10A,312345"


def test_a_commissioning_file_reaches_only_the_analysis_zone_and_nobody_is_in_it(tmp_path: Path) -> None:
    from django.conf import settings

    from commonweal.apps.exchange import api
    from commonweal.lake import commissioning

    bad = SPELL.replace("2020-09-01", "2020-09-31").replace("S123", "S124")
    path = write(
        tmp_path / "apc.csv", APC, SPELL, SPELL.replace("S123", "S125").replace("9990000018", "999 000 0018"), bad
    )
    first = api.land("apc", [path], "X99")
    assert (first["read"], first["accepted"], first["quarantined"], first["resources"]) == (3, 2, 1, 0)
    assert rows("SELECT count(*) FROM record_resource") == [(0,)]
    assert rows("SELECT count(*) FROM record_compartment") == [(0,)]
    assert rows("SELECT count(*) FROM identity_demographics") == [(0,)]
    lake = settings.COMMONWEAL_HOME / "lake"
    with commissioning.connected(lake, "apc") as connection:
        found = connection.execute("SELECT count(*), count(DISTINCT person), min(age), sum(tariff_pence) FROM rows")
        assert found.fetchall() == [(2, 1, 70, 624690)]
        names = {row[0] for row in connection.execute("DESCRIBE rows").fetchall()}
        text = str(connection.execute("SELECT * FROM rows").fetchall())
    assert not names & {"NHSNumber", "BirthDate", "Postcode", "LocalPatientId"}
    assert not [word for word in ("9990000018", "1950", "ZA1 1AA", "S123", "L77") if word in text]
    assert api.land("apc", [path], "X99")["duplicate"] == 3


def test_a_commissioning_row_of_somebody_who_opted_out_is_left_out_and_counted(tmp_path: Path) -> None:
    from django.conf import settings

    from commonweal.apps.access import api as access
    from commonweal.apps.exchange import api
    from commonweal.lake import commissioning

    access.replace_list(access.OptOut.NATIONAL_DATA, ["9990000018"], source="mesh", by="operator:x")
    other = SPELL.replace("S123", "S777").replace("9990000018", "9990000026")
    done = api.land("apc", [write(tmp_path / "opted.csv", APC, SPELL.replace("S123", "S778"), other)], "X99")
    assert (done["read"], done["accepted"], done["quarantined"]) == (2, 2, 0)
    with commissioning.connected(settings.COMMONWEAL_HOME / "lake", "apc") as connection:
        counted = connection.execute(
            "SELECT count(*) FROM rows GROUP BY receipt ORDER BY receipt DESC LIMIT 1"
        ).fetchall()
    assert counted == [(1,)]
    ((said,),) = rows("SELECT target FROM access_audit WHERE action = 'opt_out.applied' ORDER BY id DESC LIMIT 1")
    assert str(said).endswith(": 1 rows left out")
    access.replace_list(access.OptOut.NATIONAL_DATA, [], source="mesh", by="operator:x")


def test_care_home_places_are_about_nobody(tmp_path: Path) -> None:
    from commonweal.apps.exchange import api

    header = "HomeCode,HomeName,BedType,AsAt,Registered,Occupied,Vacant,AcceptingAdmissions"
    path = write(tmp_path / "VZ1.csv", header, "VZ1,The Elms,Nursing,2020-10-01 08:00:00,40,38,2,yes")
    result = api.land("care_home_capacity", [path], "VZ1")
    assert (result["accepted"], result["resources"]) == (1, 1)
    assert rows("SELECT type, compartment_id FROM record_resource") == [("HealthcareService", None)]


def test_a_feed_that_stops_raises_one_notice_and_closes_it_when_it_comes_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.conf import settings

    from commonweal.apps.exchange import api

    now = datetime(2020, 10, 31, 9, tzinfo=UTC)
    monkeypatch.setattr(settings, "COMMONWEAL_NOW", lambda: now)
    api.land("community", [write(tmp_path / "a.csv", HEADER, REFERRAL, CONTACT)], "RY9")
    (found,) = api.feeds_health()
    assert (found.nhs_number_valid, dict(found.completeness)["postcode"], found.troubles) == (1.0, 1.0, ())
    assert api.watch() == []
    monkeypatch.setattr(settings, "COMMONWEAL_NOW", lambda: now + timedelta(days=45))
    (notice,) = api.watch()
    assert (notice.source, notice.feed, notice.trouble) == ("RY9", "community", "stopped")
    assert [one.raised_at for one in api.watch()] == [notice.raised_at]
    assert "Ashworth" not in notice.message
    api.land("community", [write(tmp_path / "b.csv", HEADER, CONTACT.replace("C1", "C9"))], "RY9")
    assert api.watch() == []
    assert [one.closed_at is not None for one in api.notices()] == [True]


def test_a_past_day_is_repeated_with_its_mapping_and_corrected_with_todays(tmp_path: Path) -> None:
    from django.conf import settings

    from commonweal.apps.exchange import api

    today = settings.COMMONWEAL_NOW().date()
    own(today - timedelta(days=10), "h: FLD, t: VR")
    seen = ["1,,V1,2020-09-01,h", "2,,V2,2020-09-02,t", "2,,V3,2020-09-03,x"]
    path = write(tmp_path / "RY8.csv", "Client,NHS No,Visit,Seen,How", *seen)
    receipt = api.land("community", [path], "RY8")["files"][0]["receipt"]
    before = state()
    # The file of that day's mapping is edited, and a mapping of today is written: the day itself is as it was
    own(today - timedelta(days=10), "h: HH")
    own(today, "h: HH, x: AMB")
    then = api.again.difference(receipt, today=False)
    assert (then.same, then.new, then.changed, then.withdrawn, then.aside, then.passing) == (4, 0, 0, 0, 0, 0)
    assert api.again.apply(receipt, today=False)["stored"] == 0
    assert state() == before
    # Today's reading: V1 in another class, V2 with an unknown code, V3 known now
    found = api.again.difference(receipt, today=True)
    assert (found.new, found.changed, found.withdrawn, found.aside, found.passing) == (1, 1, 1, 1, 1)
    assert dict(found.elements) == {"Encounter.class": 1}
    assert state() == before
    assert api.again.apply(receipt, today=True) == {"stored": 2, "withdrawn": 1, "quarantined": 1}
    one = api.receipts()[0]
    assert (one.read, one.accepted, one.quarantined) == (3, 2, 1)
    assert [item.line for item in api.quarantine()] == [3]
    after = api.again.difference(receipt, today=True)
    assert (after.new, after.changed, after.withdrawn) == (0, 0, 0)


def test_a_file_cut_short_lands_what_is_whole_and_the_whole_file_the_rest(tmp_path: Path) -> None:
    from commonweal.apps.exchange import api

    whole = "\n".join((HEADER, REFERRAL, CONTACT, CONTACT.replace("C1", "C2"))) + "\n"
    half = tmp_path / "half.csv"
    half.write_text(whole[: whole.rindex("Nursing,Nursing")], "utf-8")
    first = api.land("community", [half], "RY9")
    assert (first["accepted"], first["quarantined"]) == (2, 1)
    assert [item.rule for item in api.quarantine()] == ["too-few-cells"]
    half.write_text(whole, "utf-8")
    second = api.land("community", [half], "RY9")
    assert (second["accepted"], second["duplicate"], second["quarantined"]) == (1, 2, 0)


def test_one_file_under_two_names_is_one_file_and_one_that_grows_is_what_was_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from commonweal.apps.exchange import api
    from commonweal.feeds import sealing

    path = write(tmp_path / "a.csv", HEADER, CONTACT)
    api.land("community", [path], "RY9")
    again = api.land("community", [write(tmp_path / "b.csv", HEADER, CONTACT)], "RY9")
    assert (again["duplicate"], len(api.receipts())) == (1, 1)

    growing = write(tmp_path / "c.csv", HEADER, CONTACT.replace("C1", "C2"))
    checksum = sealing.checksum

    def then_grows(file: Path) -> str:
        found = checksum(file)
        with file.open("a", encoding="utf-8") as more:
            more.write(CONTACT.replace("C1", "C3") + "\n")
        return found

    monkeypatch.setattr(sealing, "checksum", then_grows)
    grown = api.land("community", [growing], "RY9")
    monkeypatch.undo()
    assert grown["accepted"] == 2
    assert grown["files"][0]["sha256"] == checksum(growing)
    growing.unlink()
    with pytest.raises(api.MissingFile):
        api.land("community", [growing], "RY9")


def test_a_file_that_vanishes_while_it_is_taken_leaves_nothing_and_one_with_a_number_too_long_lands_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from commonweal.apps.exchange import api
    from commonweal.feeds import sealing

    path = write(tmp_path / "a.csv", HEADER, CONTACT)
    checksum = sealing.checksum

    def then_vanishes(file: Path) -> str:
        found = checksum(file)
        file.unlink()
        return found

    monkeypatch.setattr(sealing, "checksum", then_vanishes)
    with pytest.raises(FileNotFoundError):
        api.land("community", [path], "RY9")
    monkeypatch.undo()
    assert api.receipts() == []

    local = CONTACT.partition(",")[0]
    long = CONTACT.replace(local, "9" * 6_000, 1).replace("C1", "C2")
    landed = api.land("community", [write(tmp_path / "b.csv", HEADER, CONTACT, long)], "RY9")
    assert (landed["accepted"], landed["quarantined"]) == (1, 1)
    assert {item.rule for item in api.quarantine()} == {"too-long"}
