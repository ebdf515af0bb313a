"""What anyone may read: no hidden count is shown, nor left to be found by subtraction, whatever the versions say."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from commonweal.domain.measurement.disclosure import Profile, release
from commonweal.domain.reporting.openness import Open, opened

RULE = Profile("test", "population", date(2000, 1, 1), None, 1, 7, 5, "test")
PARTS = ("1", "2", "3", "4", "5")


def figure(value: int | None, *, footprint: str = "E1", lens: str = "all", category: str = "all", **more: str) -> Open:
    given_ = {
        "indicator": "diabetes",
        "name": "Diabetes register",
        "unit": "people",
        "footprint_kind": "place",
        "period": "2020-10",
        "kind": "computed",
        "as_at": "2020-10-31",
        "source": "Query: register",
        "basis": "disclosure control",
        "version": "2020-10 board 1",
        "published": "1 November 2020",
    } | more
    return Open(
        key=f"{given_['indicator']}/{footprint}/{lens}/{category}",
        footprint=footprint,
        lens=lens,
        category=category,
        value="" if value is None else str(value),
        text="Hidden" if value is None else str(value),
        state="suppressed" if value is None else "final",
        **given_,
    )


def place(counts: list[int | None], footprint: str, total: int | None) -> list[Open]:
    whole = figure(total, footprint=footprint)
    parts = [
        figure(count, footprint=footprint, lens="deprivation_quintile", category=name)
        for name, count in zip(PARTS, counts, strict=True)
    ]
    return [whole, *parts]


COUNTS = st.lists(st.one_of(st.none(), st.integers(0, 60)), min_size=5, max_size=5)


@given(st.lists(st.tuples(COUNTS, st.one_of(st.none(), st.integers(0, 300))), min_size=1, max_size=4))
def test_no_small_count_is_shown_and_no_single_part_of_a_shown_total_is_hidden(
    versions: list[tuple[list[int | None], int | None]],
) -> None:
    """Whatever earlier releases let through: versions of one place that disagree about what is hidden."""
    shown = {
        one.key: one
        for one in opened([one for version in versions for one in place(*version[:1], "E1", version[1])], RULE)
    }
    hidden_once = {
        f"diabetes/E1/deprivation_quintile/{name}"
        for counts, _ in versions
        for name, count in zip(PARTS, counts, strict=True)
        if count is None
    }
    for key, one in shown.items():
        assert (one.state == "suppressed") == (one.value == "")
        if one.value:
            assert int(one.value) == 0 or int(one.value) > 7
            assert key not in hidden_once
    total = shown["diabetes/E1/all/all"]
    parts = [one for key, one in shown.items() if "quintile" in key]
    if total.value and int(total.value):
        assert sum(not one.value for one in parts) != 1


@given(st.lists(st.integers(0, 60), min_size=5, max_size=5))
def test_what_was_released_properly_comes_out_as_it_was(counts: list[int]) -> None:
    totals = [("all", PARTS)]
    raw = dict(zip(PARTS, counts, strict=True)) | {"all": sum(counts)}
    told = release(raw, totals, RULE)
    given_ = place([told[name] for name in PARTS], "E1", told["all"])
    assert [one.value for one in opened(given_, RULE)] == [one.value for one in given_]


def test_without_a_basis_nothing_is_shown_and_a_paper_is_shown_as_printed() -> None:
    small = figure(3, basis="published paper", unit="staff", indicator="staff")
    assert opened([figure(900, basis=""), small], RULE) == [small]


def test_a_rate_of_hidden_people_is_hidden_too() -> None:
    (rate,) = opened([figure(12, unit="percent", indicator="share")], RULE)
    assert (rate.value, rate.state) == ("", "suppressed")
