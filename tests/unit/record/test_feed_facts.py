"""What is known of a feed is dated data; of a feed nobody described, as little as possible is assumed."""

from datetime import date, timedelta

from commonweal.apps.record.feed_facts import feed_facts, read_facts

ROW = {"feed": "gp", "name": "Practice", "service": "General practice", "not_sent": "", "source": "agreed"}


def test_a_row_counts_from_its_first_day_to_its_last() -> None:
    weekly = {**ROW, "overdue_days": "7", "valid_from": "2019-01-01", "valid_to": "2020-09-30"}
    daily = {**ROW, "overdue_days": "2", "valid_from": "2020-10-01", "valid_to": ""}
    silence = {on: read_facts([weekly, daily], on)["gp"].overdue.days for on in (date(2020, 9, 30), date(2020, 10, 1))}
    assert silence == {date(2020, 9, 30): 7, date(2020, 10, 1): 2}
    assert dict(read_facts([weekly, daily], date(2018, 12, 31))) == {}


def test_the_shipped_table_describes_every_feed_that_can_be_landed() -> None:
    facts = feed_facts(date(2020, 10, 31))
    assert list(facts) == ["gp", "adt", "cld", "mh", "community", "ambulance", "care_home_capacity", "caseload", "api"]
    assert facts["adt"].not_sent == {"Allergies", "Problems", "Medicines"}
    assert facts["gp"].not_sent == frozenset()
    assert all(timedelta(days=1) <= one.overdue <= timedelta(days=366) for one in facts.values())


def test_a_feed_nobody_described_is_called_by_its_code_and_withholds_nothing() -> None:
    unknown = feed_facts(date(2020, 10, 31))["dental"]
    assert (unknown.name, unknown.not_sent, unknown.overdue) == ("dental", frozenset(), timedelta(days=365))
