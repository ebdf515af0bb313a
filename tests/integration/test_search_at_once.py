"""A search in one statement gives what the long way gives, and goes the long way where what it supposes is not so."""

from typing import Any

import pytest
from django.conf import settings as django_settings

from tests.integration.test_record_search import parsed, system
from tests.landing_files import SNOMED, coded, empty

PEOPLE = 60
FEW = 4  # entries of a page: whom a chain comes down to is more than twice as many
SEARCHES: list[tuple[str, list[tuple[str, str]]]] = [
    ("Observation", [("code", "c1")]),
    ("Observation", [("patient", "p7"), ("code", "c1"), ("_sort", "-date")]),
    ("Observation", [("patient", "p7"), ("code", "none")]),
    ("Observation", [("code", "c1"), ("patient.organization.name:exact", "Site 1")]),
    ("Observation", [("code", "rare"), ("patient.gender", "female")]),
    ("Patient", [("_has:Observation:patient:code", "c1")]),
    ("Patient", [("_has:Observation:patient:code", "rare")]),
    ("Patient", [("family", "Family1")]),
]


def write(source: str, feed: str, people: range) -> None:
    from commonweal.apps.record import api

    resources: list[Any] = [
        parsed({"resourceType": "Organization", "id": f"{source}-s{n}", "name": f"Site {n}"}, None) for n in range(2)
    ]
    for n in people:
        person = f"p{n}"
        resources.append(parsed({
            "resourceType": "Patient", "id": person, "gender": "female", "name": [{"family": f"Family{n}"}],
            "managingOrganization": {"reference": f"Organization/{source}-s{n % 2}"},
        }, person))  # fmt: skip
        for m, code in enumerate(("c1", "c1", "c2", *(("rare",) if n % 25 == 24 else ()))):
            resources.append(parsed({
                "resourceType": "Observation", "id": f"o{n}-{m}", "status": "final", "code": coded(SNOMED, code),
                "subject": {"reference": f"Patient/{person}"}, "effectiveDateTime": f"20{10 + m}-03-1{n % 9}",
            }, person))  # fmt: skip
    api.write(source, feed, resources)


@pytest.fixture(scope="module")
def world(database: str) -> None:
    empty()
    write("A01", "gp", range(PEOPLE))
    write("B01", "gp", range(1000, 1000 + PEOPLE))
    write("B01", "labs", range(2000, 2003))


def both_ways(source: str, kind: str, pairs: list[tuple[str, str]]) -> tuple[Any, Any]:
    """The page in one statement, or None, and the page of the long way."""
    from commonweal.apps.record import searching

    request = searching.parse(kind, [*pairs, ("_count", str(FEW))], True)
    asked = searching.foreseen(kind, request.conditions)
    now = django_settings.COMMONWEAL_NOW()
    with system(source) as scope:
        short = searching.at_once(request, scope.source, asked, now)
        return short, searching.searched(request, searching.of_source(scope, asked), now, scope.source)


def shown(page: Any) -> list[Any]:
    return [*[item.id for item in page], page.total, bool(page.next_cursor), page.compartments]


@pytest.mark.parametrize(("kind", "pairs"), SEARCHES)
def test_both_ways_give_the_same_page(world: None, as_app: None, kind: str, pairs: list[tuple[str, str]]) -> None:
    short, long = both_ways("A01", kind, pairs)
    if short is not None:
        assert shown(short) == shown(long)
    assert (len(long) > 0) == (pairs[-1][1] != "none")
    assert (short is None) == (pairs[-1][1] == "none" or (pairs[0][1] == "rare" and len(pairs) == 2)), (
        "only a page that is empty, or that may lack what comes beyond whom it looked at, is asked for again"
    )


def test_a_source_of_two_feeds_goes_the_long_way_and_finds_both(world: None, as_app: None) -> None:
    from commonweal.apps.record import api

    short, _ = both_ways("B01", "Patient", [("family", "Family2")])
    assert short is None
    with system("B01") as scope:
        assert len(api.search(scope, "Patient", [("family", "Family")])) == PEOPLE + 3


def test_a_reference_to_another_compartments_patient_is_found_too(world: None) -> None:
    from commonweal.apps.record import api

    about = {"resourceType": "Observation", "id": "elsewhere", "status": "final", "code": coded(SNOMED, "c9"),
             "subject": {"reference": "Patient/p3"}}  # fmt: skip
    api.write("A01", "gp", [parsed(about, "p4")])
    asked = [("patient", "p3"), ("code", "c9"), ("_sort", "-date")]
    with system("A01") as scope:
        assert [item.id for item in api.search(scope, "Observation", asked)] == ["elsewhere"]


def test_what_is_kept_of_one_persons_search_has_nothing_of_them_in_it(world: None) -> None:
    """p11's own observation was made by p10: asked of p11 with p11 as its performer, it is not found."""
    from commonweal.apps.record import api

    for n, (subject, performer) in enumerate((("p10", "p10"), ("p11", "p10"))):
        api.write("A01", "gp", [parsed({
            "resourceType": "Observation", "id": f"made-{n}", "status": "final", "code": coded(SNOMED, "c5"),
            "subject": {"reference": f"Patient/{subject}"}, "performer": [{"reference": f"Patient/{performer}"}],
        }, subject)])  # fmt: skip
    with system("A01") as scope:
        for person, expected in (("p10", ["made-0"]), ("p11", []), ("p10", ["made-0"])):
            asked = [("patient", person), ("performer", person), ("code", "c5")]
            assert [item.id for item in api.search(scope, "Observation", asked)] == expected
    for person in ("p7", "p8", "Patient/p9", "p7"):
        for rest in ([("_sort", "-date")], [("date", "ge2011")], [("date", "ap2011-03-12")]):
            short, long = both_ways("A01", "Observation", [("patient", person), ("code", f"{SNOMED}|c1"), *rest])
            assert {item.id.split("-")[0] for item in long} <= {f"o{person[-1]}"}
            assert short is None or shown(short) == shown(long)


@pytest.mark.parametrize("asked", [("date", "ap2011-03-12"), ("code-value-date", f"{SNOMED}|c1$ap2011-03-12")])
def test_what_hangs_on_the_hour_is_not_kept(asked: tuple[str, str]) -> None:
    from commonweal.apps.record import searching
    from commonweal.apps.record.searching.at_once import _key

    assert _key(searching.parse("Observation", [("patient", "p7"), ("code", "c1")], True)) is not None
    assert _key(searching.parse("Observation", [("patient", "p7"), asked], True)) is None


def test_what_is_held_to_one_plan_finds_by_keys_and_never_by_reading_a_whole_table(world: None) -> None:
    from tests.integration.test_rest_at_once import rows

    held = "SELECT proname FROM pg_proc WHERE 'plan_cache_mode=force_generic_plan' = ANY (proconfig)"
    found = [name for (name,) in rows(held)]
    assert {"record_reach", "record_page_own", "record_read_own", "record_add_own"} <= set(found)
    assert rows(f"{held} AND NOT proconfig @> ARRAY['enable_seqscan=off', 'enable_hashjoin=off']") == []
