"""DuckDB and the plain-Python reference count the same from any tables."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.domain.population.declarations import DECLARATIONS
from commonweal.domain.population.reference import Admission, Entry, PersonRecord, Tables
from tests.spec.lake_tables import both
from tests.spec.register_tables import CODES, FOOTPRINTS, QUINTILES

AS_AT = st.sampled_from((date(2020, 10, 31), date(2020, 2, 29), date(2019, 1, 1)))
compartment = st.integers(1, 8)
day = st.one_of(st.none(), st.integers(-900, 400).map(lambda n: date(2020, 2, 29) + timedelta(days=n)))
code = st.sampled_from(("dm", "dm2", "dmres", "hyp", "carer", "notcarer", "other"))
entry = st.builds(Entry, compartment, code, day, st.one_of(st.none(), day))
visit = st.builds(Admission, compartment, st.sampled_from(("21", "28", "11", None)), day)
born = st.one_of(st.none(), st.builds(date, st.integers(1920, 2021), st.integers(1, 12), st.just(1)))
practice = st.sampled_from(("P1", "P2", "OLD", "RX1", None))


@st.composite
def tables(draw: st.DrawFn) -> Tables:
    people = [
        PersonRecord(
            n,
            draw(st.integers(0, 3)) * 10 + n,
            draw(born),
            draw(st.sampled_from(("male", "female", "other", None))),
            draw(st.sampled_from(("A", "H", "99", None))),
            draw(st.sampled_from(("poor", "rich", "nowhere", None))),
            draw(practice),
            draw(practice),
            draw(st.booleans()),
            draw(day),
        )
        for n in sorted(draw(st.sets(compartment)))
    ]
    return Tables(
        people,
        draw(st.lists(entry, max_size=12)),
        [Entry(one.compartment, one.code, one.date) for one in draw(st.lists(entry, max_size=12))],
        draw(st.lists(visit, max_size=8)),
        draw(st.dictionaries(compartment, st.integers(1, 5))),
        FOOTPRINTS,
        QUINTILES,
        CODES,
    )


@settings(max_examples=40, deadline=None, derandomize=True)
@given(tables(), AS_AT)
def test_engines_agree(drawn: Tables, as_at: date) -> None:
    both(DECLARATIONS, drawn, as_at)
