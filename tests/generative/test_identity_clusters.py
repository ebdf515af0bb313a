"""Whatever the records and the order they come in, people are stable and links keep their promises."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.domain.identity import clusters, nhs_number, probable, verified
from commonweal.domain.identity.names import similarity

NUMBERS = st.sampled_from(["9990000018", "9990000026", "9990000034", None])
BIRTHS = st.sampled_from([date(1950, 2, 11), date(1950, 11, 2), date(1975, 6, 3), None])
GIVEN = st.sampled_from(["anna", "ann", "harriet", "edward", "ed", ""])
FAMILY = st.sampled_from(["smith", "smyth", "jones", ""])
SEX = st.sampled_from(["male", "female", ""])
TRAITS = st.builds(verified.Traits, NUMBERS, BIRTHS, FAMILY, GIVEN, SEX)
PARTICULARS = st.builds(
    probable.Particulars,
    NUMBERS,
    BIRTHS,
    FAMILY,
    GIVEN,
    SEX,
    st.sampled_from(["NG1 1AA", "NG2 2BB", ""]),
    st.booleans(),
)
PARTITION = st.lists(st.integers(0, 5), min_size=1, max_size=10)


def parts(labels: Sequence[int]) -> list[list[int]]:
    """Records 1..n grouped by label."""
    grouped: dict[int, list[int]] = {}
    for record, label in enumerate(labels, 1):
        grouped.setdefault(label, []).append(record)
    return list(grouped.values())


def name(record: int, again: int) -> UUID:
    return clusters.identifier("SRC", str(record), again)


@given(TRAITS, TRAITS)
def test_a_contradiction_is_one_whichever_record_comes_first(first: verified.Traits, second: verified.Traits) -> None:
    assert verified.contradiction(first, second) == verified.contradiction(second, first)


@given(TRAITS, SEX)
def test_the_same_names_never_contradict(one: verified.Traits, sex: str) -> None:
    """What ``lake.groups`` rests on."""
    assert verified.contradiction(one, one._replace(sex=sex)) == "" or not (one.family or one.given)


@given(st.lists(TRAITS, max_size=8), st.randoms())
def test_verified_sets_do_not_depend_on_order_and_never_hold_a_contradiction(
    traits: list[verified.Traits], random: object
) -> None:
    records = dict(enumerate(traits, 1))
    shuffled = list(records.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    sets = verified.people(records, []).groups
    again = verified.people(dict(shuffled), []).groups
    assert sets == again
    for members in sets:
        assert len({records[one].number for one in members}) == 1 or len(members) == 1
        for one in members:
            for other in members:
                assert verified.contradiction(records[one], records[other]) == "" or one == other


@given(st.lists(TRAITS, min_size=2, max_size=8), st.data())
def test_merges_never_put_two_numbers_in_one_person(traits: list[verified.Traits], data: st.DataObject) -> None:
    records = dict(enumerate(traits, 1))
    ends = st.integers(1, len(traits))
    merges = data.draw(st.lists(st.tuples(ends, ends), max_size=6))
    for members in verified.people(records, merges).groups:
        assert len({records[one].number for one in members} - {None}) <= 1


@given(st.lists(TRAITS, min_size=2, max_size=8), st.data())
def test_nothing_joins_what_people_keep_apart(traits: list[verified.Traits], data: st.DataObject) -> None:
    records = dict(enumerate(traits, 1))
    pair = st.tuples(st.integers(1, len(traits)), st.integers(1, len(traits))).filter(lambda ends: ends[0] < ends[1])
    merges, confirmed, apart = (data.draw(st.lists(pair, max_size=5)) for _ in range(3))
    for members in verified.people(records, merges, confirmed, frozenset(apart)).groups:
        assert not any(set(ends) <= set(members) for ends in apart)


@given(st.lists(PARTITION.map(tuple), min_size=1, max_size=6))
def test_identifiers_are_stable_and_every_person_is_somebody(history: list[tuple[int, ...]]) -> None:
    """Through any history of merges and splits: no identifier is shared, none is invented without need."""
    before: dict[int, UUID] = {}
    founders: dict[UUID, int] = {}
    for labels in history:
        groups = parts(labels)
        result = clusters.assign(groups, before, founders, name)
        for group in groups:
            assert len({result.person[record] for record in group}) == 1
        assert len({result.person[group[0]] for group in groups}) == len(groups)
        kept = set(before.values()) & {before[record] for group in groups for record in group if record in before}
        in_use = set(result.person.values())
        assert kept <= in_use | set(result.merged)  # an identifier is used or points at the one that stays
        assert not in_use & set(result.merged)
        founders |= result.created
        before = result.person
        again = clusters.assign(groups, before, founders, name)
        assert again.person == before
        assert not again.created
        assert not again.merged
        assert not again.moved


@given(PARTITION, st.integers(1, 5))
def test_new_records_join_existing_people_without_renaming_them(labels: list[int], more: int) -> None:
    groups = parts(labels)
    first = clusters.assign(groups, {}, {}, name)
    grown = [*(list(group) for group in groups)]
    grown[0] += range(len(labels) + 1, len(labels) + 1 + more)
    second = clusters.assign(grown, first.person, first.created, name)
    assert {record: second.person[record] for record in first.person} == first.person
    assert not second.created


@given(st.lists(PARTICULARS, min_size=2, max_size=7), st.data())
@settings(deadline=None)
def test_probable_people_keep_vetoed_records_apart_in_any_order(
    said: list[probable.Particulars], data: st.DataObject
) -> None:
    records = dict(enumerate(said, 1))
    couples = [(a, b) for a in records for b in records if a < b]
    weights = data.draw(st.lists(st.floats(-5, 40, allow_nan=False), min_size=len(couples), max_size=len(couples)))
    pairs = [probable.Pair(a, b, weight) for (a, b), weight in zip(couples, weights, strict=True)]
    groups = [[record] for record in records]
    people, joined, review = probable.people(groups, records, pairs)
    shuffled = data.draw(st.permutations(pairs))
    assert probable.people(groups, records, shuffled) == (people, joined, review)
    for members in people:
        for one in members:
            for other in members:
                assert one == other or probable.veto(records[one], records[other]) == ""
        registered = {records[one].number for one in members if records[one].registration} - {None}
        assert len(registered) <= 1
    for doubt, weight in review:
        assert doubt.reason != probable.SEPARATE
        assert weight >= probable.REVIEW


@given(st.integers(0, 999_999_999))
def test_a_number_with_its_check_digit_is_valid_and_reads_back(body: int) -> None:
    digits = f"{body:09d}"
    check = nhs_number.check_digit(digits)
    if check is None:
        assert not any(nhs_number.valid(digits + last) for last in "0123456789")
    else:
        assert nhs_number.valid(nhs_number.formatted(f"{digits}{check}"))


@given(st.text("abcde", max_size=8), st.text("abcde", max_size=8))
def test_similarity_is_symmetric_and_bounded(first: str, second: str) -> None:
    assert 0 <= similarity(first, second) <= 1
    assert abs(similarity(first, second) - similarity(second, first)) < 1e-12
    assert (similarity(first, second) == 1) == (first == second != "")
