"""What each rule of audit review raises, and what it leaves alone."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from commonweal.domain.access.anomalies import Hours, Rule, Rules, Seen, Staff, Subject, busiest, raised
from commonweal.domain.access.vocabulary import Role

VICKY, OTHER = UUID(int=1), UUID(int=2)
MONDAY = date(2026, 7, 6)
OFFICE = Hours(frozenset(range(5)), time(7), time(20), ZoneInfo("Europe/London"))
RULES = Rules(frozenset(Rule), {Role.SOCIAL_WORKER: OFFICE}, least_peers=8, least_looks=20)


def seen(
    actor: str = "user:ray",
    role: Role = Role.CLINICIAN,
    person: UUID = VICKY,
    at: datetime = datetime(2026, 7, 6, 10, tzinfo=UTC),
) -> Seen:
    return Seen(actor, role, "P01", person, (1,), at)


def rules_of(look: Seen, staff: Staff, subject: Subject, others: dict[str, Staff] | None = None) -> list[Rule]:
    people = {look.actor: staff, **(others or {})}
    return [one.rule for one in raised([look, look], people, {look.person_id: subject}, RULES)]


@pytest.mark.parametrize(
    ("name", "surname", "raises"),
    [
        ("dr asha ray", "ray", True),
        ("asha van der berg", "van der berg", True),
        ("asha murray", "ray", False),  # a whole surname, not its end
        ("ray", "ray", True),
        ("asha ray", "", False),
    ],
)
def test_the_same_surname(name: str, surname: str, raises: bool) -> None:
    subject = Subject(surnames=frozenset([surname] if surname else []))
    assert (Rule.SURNAME in rules_of(seen(), Staff(name, "P01"), subject)) is raises


def test_the_same_address_only_where_it_is_known() -> None:
    at = frozenset(["1 high street zz11zz"])
    assert rules_of(seen(), Staff("", "P01", OTHER, at), Subject(addresses=at)) == [Rule.ADDRESS]
    assert rules_of(seen(), Staff("", "P01"), Subject(addresses=at)) == []


def test_colleagues_and_ones_own_record_but_not_another_organisations_staff() -> None:
    here, elsewhere = Staff("", "P01"), Staff("", "P99")
    subject = Subject(staff_account="user:lee")
    assert rules_of(seen(), here, subject, {"user:lee": here}) == [Rule.COLLEAGUE]
    assert rules_of(seen(), here, subject, {"user:lee": elsewhere}) == []
    assert rules_of(seen("user:lee"), here, subject) == [Rule.COLLEAGUE]


def test_a_watched_record() -> None:
    assert rules_of(seen(), Staff("", "P01"), Subject(watched=True)) == [Rule.WATCHED]


@pytest.mark.parametrize(
    ("at", "raises"),
    [
        (datetime(2026, 7, 6, 5, 59, tzinfo=UTC), True),  # 06:59 by the clock in summer
        (datetime(2026, 7, 6, 6, tzinfo=UTC), False),
        (datetime(2026, 7, 6, 19, tzinfo=UTC), True),  # 20:00
        (datetime(2026, 1, 5, 19, 59, tzinfo=UTC), False),  # 19:59 in winter
        (datetime(2026, 7, 5, 12, tzinfo=UTC), True),  # Sunday
    ],
)
def test_out_of_hours_by_the_clock_on_the_wall(at: datetime, raises: bool) -> None:
    look = seen(role=Role.SOCIAL_WORKER, at=at)
    assert (rules_of(look, Staff("", "P01"), Subject()) == [Rule.HOURS]) is raises
    assert rules_of(seen(at=at), Staff("", "P01"), Subject()) == []  # a hospital does not close


def test_once_a_rule_account_person_and_day() -> None:
    subjects = {VICKY: Subject(watched=True)}
    looks = [seen(), seen(at=datetime(2026, 7, 6, 11, tzinfo=UTC)), seen(at=datetime(2026, 7, 7, 11, tzinfo=UTC))]
    assert [one.on for one in raised(looks, {}, subjects, RULES)] == [MONDAY, MONDAY + timedelta(days=1)]


def week(counts: dict[str, int]) -> list[Seen]:
    """Each account looks at so many people a day, on five days."""
    return [
        seen(actor, person=UUID(int=100 + n), at=datetime(2026, 7, 6 + day, 10, tzinfo=UTC))
        for actor, many in counts.items()
        for day in range(5)
        for n in range(many)
    ]


def test_volume_against_peers_of_the_role() -> None:
    peers = {f"user:{n}": 8 + n % 5 for n in range(12)}
    assert busiest(week(peers), MONDAY, RULES) == []
    (one,) = busiest(week(peers | {"user:busy": 60}), MONDAY, RULES)
    assert (one.rule, one.actor, one.on, one.person_id) == (Rule.VOLUME, "user:busy", MONDAY, None)
    assert "60 people a day" in one.why
    # A day worked counts, not a calendar day: who works one day of the week at the same pace is no outlier.
    part = [look for look in week({"user:part": 12}) if look.at.day == 6]
    assert busiest(week(peers) + part, MONDAY, RULES) == []


def test_volume_needs_peers_and_enough_looks() -> None:
    few = {f"user:{n}": 8 for n in range(6)} | {"user:busy": 60}
    assert busiest(week(few), MONDAY, RULES) == []
    small = {f"user:{n}": 1 for n in range(30)} | {"user:busy": 3}
    assert busiest(week(small), MONDAY, RULES) == []


def test_the_shipped_rules_are_read_and_bad_ones_refused() -> None:
    from commonweal.apps.access.anomaly_rules import read, rules

    assert rules(date(2026, 1, 1)).on == frozenset(Rule)
    with pytest.raises(ValueError, match="in force"):
        rules(date(2000, 1, 1))
    good = {"raise": ["hours"], "hours": {}, "least_peers": 8, "least_looks": 20}
    assert read(good).on == {Rule.HOURS}
    bad = {"days": [0, 7], "opens": "07:00", "closes": "20:00", "zone": "Europe/London"}
    for said in (bad, bad | {"days": [0], "closes": "06:00"}):
        with pytest.raises(ValueError, match="open before they close"):
            read(good | {"hours": {"social_worker": said}})
    with pytest.raises(ValueError, match="gossip"):
        read(good | {"raise": ["gossip"]})
