"""Search on a real database: what it finds agrees with a plain reading of the standard, what it must not find stays
hidden whichever way it is asked, pages stay whole while others write, and no value is a fault of the server."""

import json
import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.landing_files import SNOMED, coded, empty, patient

EXAMPLES = Path(__file__).resolve().parents[2] / "node_modules" / "hl7.fhir.r4.examples"
VICKY = UUID(int=1)
NOW = datetime(2020, 10, 31, tzinfo=UTC)
CODES, DAYS = ("c1", "c2", "c3"), ("2018", "2019-06", "2019-06-15", "2020-01-01", "2020-02-29T10:00:00Z")
PEOPLE = ("p0", "p1", "p2")


def parsed(resource: dict[str, Any], person: str | None, category: str = "clinical") -> Any:
    from commonweal.feeds.types import Parsed

    return Parsed(
        1, resource["resourceType"], resource["id"], person, json.dumps(resource).encode(), resource, category
    )


def observation(rng: random.Random, n: int) -> dict[str, Any]:
    """One of few values in each element, so that searches find some and not all."""
    person = rng.choice(PEOPLE)
    made: dict[str, Any] = {
        "resourceType": "Observation",
        "id": f"o{n}",
        "status": rng.choice(("final", "amended")),
        "code": coded(SNOMED, rng.choice(CODES)),
        "subject": {"reference": f"Patient/{person}"},
    }
    if rng.random() < 0.8:
        made["effectiveDateTime"] = rng.choice(DAYS)
    if rng.random() < 0.7:
        made["valueQuantity"] = {"value": rng.choice((1, 2.5, 70, 100)), "unit": "kg", "code": "kg"}
    if rng.random() < 0.6:
        made["encounter"] = {"reference": f"Encounter/e-{rng.choice(PEOPLE)}"}
    if rng.random() < 0.4:
        made["performer"] = [{"reference": f"Practitioner/d{rng.randrange(2)}"}]
    return made


@pytest.fixture(scope="module")
def world(database: str) -> dict[str, Any]:
    """Two sources: P01 with three people and their observations, T01 with one of them and an entry like theirs."""
    from commonweal.apps.record import api

    empty()
    rng = random.Random(5)
    observations = [observation(rng, n) for n in range(60)]
    doctors = [{"resourceType": "Practitioner", "id": f"d{n}", "name": [{"family": f"Shah{n}"}]} for n in range(2)]
    organisation = {"resourceType": "Organization", "id": "org", "name": "Old Mill"}
    shared: list[dict[str, Any]] = [*doctors, organisation]
    mine = [parsed(item, None, "demographics") for item in shared]
    for n, person in enumerate(PEOPLE):
        who = patient(person, "P01", family=f"Ash{n}") | {"managingOrganization": {"reference": "Organization/org"}}
        mine.append(parsed(who, person, "demographics"))
        encounter = {"resourceType": "Encounter", "id": f"e-{person}", "status": "finished", "class": {"code": "AMB"},
                     "subject": {"reference": f"Patient/{person}"},
                     "serviceProvider": {"reference": "Organization/org"},
                     "participant": [{"individual": {"reference": f"Practitioner/d{n % 2}"}}]}  # fmt: skip
        mine.append(parsed(encounter, person))
    mine += [parsed(item, item["subject"]["reference"][8:]) for item in observations]
    api.write("P01", "gp", mine)
    secret = observation(rng, 999) | {
        "id": "secret", "code": coded(SNOMED, "c1"), "subject": {"reference": "Patient/q"}, "status": "final",
        "encounter": {"reference": "Encounter/e-p0"},
    }  # fmt: skip
    hidden = secret | {"id": "hidden", "subject": {"reference": "Patient/q"}}
    api.write("T01", "mh", [parsed(patient("q", "P01", family="Ash9"), "q", "demographics"),
                            parsed(secret, "q", "mental_health"), parsed(hidden, "q")])  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SELECT local_id, id FROM record_compartment")
        compartments = dict(cursor.fetchall())
    return {"observations": {item["id"]: item for item in observations}, "compartments": compartments}


@contextmanager
def system(organisation: str) -> Iterator[Any]:
    """The scope of a partner's system over its own organisation's resources."""
    from commonweal.apps.access import api as access

    actor = access.Actor("user:system", "System", access.Role.SERVICE, organisation, "", None)
    with access.session(actor, access.Purpose.OPERATIONS, "search.test") as session:
        yield session.open_source()


def found(organisation: str, kind: str, *pairs: tuple[str, str]) -> list[str]:
    from commonweal.apps.record import api

    with system(organisation) as scope:
        return [item.id for item in api.search(scope, kind, [("_count", "500"), *pairs])]


# --- a plain reading of the standard ---------------------------------------------------------------------


def span(text: str) -> tuple[datetime, datetime]:
    """First and last moment of a date of this test, all of them in UTC but for the hour of summer."""
    from commonweal.fhir.search import date_range

    first, last = (datetime.fromisoformat(item) for item in date_range(text))
    return first, last


def by_date(item: dict[str, Any], prefix: str, text: str) -> bool:
    if "effectiveDateTime" not in item:
        return False
    (low, high), (first, last) = span(item["effectiveDateTime"]), span(text)
    within = first <= low and high <= last
    return {
        "": within, "ne": not within, "gt": high > last, "lt": low < first, "ge": high > last or within,
        "le": low < first or within, "sa": low > last, "eb": high < first,
    }[prefix]  # fmt: skip


def by_value(item: dict[str, Any], prefix: str, text: str) -> bool:
    if "valueQuantity" not in item:
        return False
    value, sought = item["valueQuantity"]["value"], float(text)
    half = 0.5 * 10 ** -len(text.partition(".")[2])
    within = sought - half <= value < sought + half
    verdicts: dict[str, bool] = {
        "": within, "ne": not within, "gt": value > sought, "lt": value < sought, "ge": value >= sought,
        "le": value <= sought,
    }  # fmt: skip
    return verdicts[prefix]


def code_of(item: dict[str, Any]) -> str:
    return str(item["code"]["coding"][0]["code"])


Pair = tuple[tuple[str, str], Callable[[dict[str, Any]], bool]]


@st.composite
def conditions(draw: st.DrawFn) -> Pair:
    """A parameter with its value, and the same said in Python of an Observation's JSON."""
    which = draw(st.integers(0, 11))
    codes = draw(st.lists(st.sampled_from((*CODES, "c9")), min_size=1, max_size=2, unique=True))
    prefix = draw(st.sampled_from(("", "ne", "gt", "lt", "ge", "le")))
    if which == 0:
        return ("code", ",".join(codes)), lambda item: code_of(item) in codes
    if which == 1:
        return ("code", f"{SNOMED}|{codes[0]}"), lambda item: code_of(item) == codes[0]
    if which == 2:
        return ("code:not", ",".join(codes)), lambda item: code_of(item) not in codes
    if which == 3:
        state = draw(st.sampled_from(("final", "amended")))
        text = draw(st.sampled_from((state, f"http://hl7.org/fhir/observation-status|{state}")))
        return ("status", text), lambda item: item["status"] == state
    if which == 4:
        dated = draw(st.sampled_from((prefix, "sa", "eb")))
        day = draw(st.sampled_from((*DAYS[:4], "2019")))
        return ("date", dated + day), lambda item: by_date(item, dated, day)
    if which == 5:
        number = draw(st.sampled_from(("1", "2.5", "2", "100", "70.0")))
        return ("value-quantity", f"{prefix}{number}||kg"), lambda item: by_value(item, prefix, number)
    if which == 6:
        person = draw(st.sampled_from((*PEOPLE, "q", "nobody")))
        name = draw(st.sampled_from(("patient", "subject", "subject:Patient")))
        return (name, person), lambda item: item["subject"]["reference"] == f"Patient/{person}"
    if which == 7:
        missing = draw(st.booleans())
        key = draw(
            st.sampled_from((("encounter", "encounter"), ("date", "effectiveDateTime"), ("performer", "performer")))
        )
        return (f"{key[0]}:missing", str(missing).lower()), lambda item: (key[1] not in item) is missing
    if which == 8:
        n = draw(st.integers(0, 3))
        return ("patient.family", f"ash{n}"), lambda item: item["subject"]["reference"] == f"Patient/p{n}"
    if which == 9:
        person = draw(st.sampled_from(PEOPLE))
        wanted = {"reference": f"Encounter/e-{person}"}
        return ("encounter", f"Encounter/e-{person}"), lambda item: item.get("encounter") == wanted
    if which == 10:
        n = draw(st.integers(0, 1))
        people = [person for at, person in enumerate(PEOPLE) if at % 2 == n]
        wanted_all = [{"reference": f"Encounter/e-{person}"} for person in people]
        return (
            "encounter.participant:Practitioner.family",
            f"shah{n}",
        ), lambda item: item.get("encounter") in wanted_all
    number = draw(st.sampled_from(("1", "70")))
    return (
        ("code-value-quantity", f"{codes[0]}${number}"),
        lambda item: code_of(item) == codes[0] and by_value(item, "", number),
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=st.lists(conditions(), min_size=1, max_size=3))
def test_what_is_found_agrees_with_a_plain_reading(world: dict[str, Any], asked: list[Pair]) -> None:
    plain = {ident for ident, item in world["observations"].items() if all(meets(item) for _, meets in asked)}
    assert set(found("P01", "Observation", *(pair for pair, _ in asked))) == plain


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=conditions())
def test_has_finds_whom_such_an_entry_is_about(world: dict[str, Any], asked: Pair) -> None:
    (name, value), meets = asked
    assume(name.count(".") < 2)  # with the reference of _has that would be three
    plain = {item["subject"]["reference"][8:] for item in world["observations"].values() if meets(item)}
    assert set(found("P01", "Patient", (f"_has:Observation:patient:{name}", value))) == plain


def test_sorting_puts_what_has_no_value_last_either_way(world: dict[str, Any]) -> None:
    dated = {i: item for i, item in world["observations"].items() if "effectiveDateTime" in item}
    for sort, reverse in (("date", False), ("-date", True)):
        order = found("P01", "Observation", ("_sort", sort))
        assert set(order[len(dated) :]) == set(world["observations"]) - set(dated)
        lows = [span(dated[ident]["effectiveDateTime"])[0] for ident in order[: len(dated)]]
        assert lows == sorted(lows, reverse=reverse)


def test_includes_come_once_beside_the_matches(world: dict[str, Any]) -> None:
    from commonweal.apps.record import api

    def page(kind: str, *pairs: tuple[str, str]) -> Any:
        with system("P01") as scope:
            return api.search(scope, kind, pairs)

    beside = page("Observation", ("patient", "p0"), ("_include", "Observation:patient"),
                  ("_include", "Observation:encounter"),
                  ("_include:iterate", "Encounter:service-provider"))  # fmt: skip
    kinds = sorted((item.type, item.id) for item in beside.included)
    assert ("Patient", "p0") in kinds
    assert ("Organization", "org") in kinds
    assert len(kinds) == len(set(kinds))
    back = page("Patient", ("_id", "p1"), ("_revinclude", "Observation:subject"), ("_revinclude", "Encounter:patient"))
    mine = {i for i, item in world["observations"].items() if item["subject"]["reference"] == "Patient/p1"}
    assert {item.id for item in back.included} == mine | {"e-p1"}


# --- what must stay hidden -------------------------------------------------------------------------------

ASIDE: list[tuple[str, list[tuple[str, str]]]] = [
    ("Observation", [("_id", "secret,hidden")]),
    ("Observation", [("patient", "q")]),
    ("Observation", [("patient.family", "ash9")]),
    ("Observation", [("subject:Patient.family:exact", "Ash9")]),
    ("Patient", [("family", "ash9")]),
    ("Patient", [("family", "ash9"), ("_total", "accurate")]),
    ("Patient", [("_has:Observation:patient:_id", "secret")]),
    ("Encounter", [("_has:Observation:encounter:_id", "secret")]),
    ("Encounter", [("_has:Observation:encounter:patient.family", "ash9")]),
    ("Practitioner", [("_has:Observation:performer:_id", "secret")]),
]


@pytest.mark.parametrize(("kind", "asked"), ASIDE)
def test_another_organisations_entries_are_not_found_by_any_way_round(
    world: dict[str, Any], as_app: None, kind: str, asked: list[tuple[str, str]]
) -> None:
    from commonweal.apps.record import api

    with system("P01") as scope:
        page = api.search(scope, kind, asked)
        assert (page.matches, page.included, page.total in (None, 0)) == ([], [], True)
        counted = api.search(scope, kind, [*asked, ("_summary", "count")])
        assert counted.total == 0
    if kind in ("Observation", "Patient"):
        assert found("T01", kind, *asked)  # and its own organisation finds it


def test_nor_included_nor_sorted_by(world: dict[str, Any], as_app: None) -> None:
    from commonweal.apps.record import api

    with system("P01") as scope:
        page = api.search(scope, "Encounter", [("_revinclude", "Observation:encounter"), ("_count", "500")])
        assert "secret" not in {item.id for item in page.included}
        listed = api.search(scope, "Observation", [("_sort", "-date"), ("_count", "500"), ("_total", "accurate")])
        assert (len(listed.matches), listed.total) == (60, 60)


def test_a_persons_withheld_category_is_not_found_by_chain_has_include_or_count(
    world: dict[str, Any], as_app: None
) -> None:
    from commonweal.apps.access import api as access
    from commonweal.apps.record import api

    both = {world["compartments"]["p0"]: "P01", world["compartments"]["q"]: "T01"}
    with connection.cursor() as cursor:  # the gate's own word for it, as it would stand in the transaction
        cursor.execute("SELECT 1")
    actor = access.Actor("user:gp", "GP", access.Role.CLINICIAN, "P01", "", None)
    scope = access.Scope(
        actor, access.Purpose.DIRECT_CARE, VICKY, frozenset(both), frozenset(("clinical", "demographics"))
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('commonweal.compartments', %s, true), set_config('commonweal.categories', %s, true)",
            [",".join(map(str, both)), "clinical,demographics"],
        )

        def ids(kind: str, *pairs: tuple[str, str]) -> set[str]:
            page = api.search(scope, kind, pairs)
            assert page.total in (None, len(page.matches))
            return {item.id for item in (*page.matches, *page.included)}

        assert "hidden" in ids("Observation", ("code", "c1"))
        assert ids("Observation", ("_id", "secret")) == set()
        assert ids("Patient", ("_has:Observation:patient:_id", "secret")) == set()
        assert ids("Encounter", ("_has:Observation:encounter:_id", "secret")) == set()
        assert "secret" not in ids("Encounter", ("_revinclude", "Observation:encounter"))
        assert "secret" not in ids("Patient", ("_revinclude", "Observation:subject"), ("_sort", "-birthdate"))
        assert "p1" not in ids("Patient", ("name", "ash"))  # somebody else entirely


# --- pages -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sort", ["", "date", "-date", "-_lastUpdated", "code"])
def test_pages_neither_skip_nor_repeat_while_others_write(world: dict[str, Any], sort: str) -> None:
    from commonweal.apps.record import api

    rng = random.Random(9)
    pairs = [("_count", "7"), ("status", "final,amended"), *([("_sort", sort)] if sort else [])]
    before = set(found("P01", "Observation"))
    seen: list[str] = []
    cursor, page = "", 0
    while True:
        with system("P01") as scope:
            answer = api.search(scope, "Observation", pairs, cursor)
        seen += [item.id for item in answer]
        cursor = answer.next_cursor
        if not cursor:
            break
        page += 1  # between pages others add, and withdraw what was added, all over the order
        fresh = [observation(rng, 1000 + 10 * page + n) | {"id": f"x{sort}{page}-{n}"} for n in range(3)]
        api.write("P01", "gp", [parsed(item, item["subject"]["reference"][8:]) for item in fresh])
        api.withdraw("P01", [("Observation", fresh[0]["id"])])
    assert len(seen) == len(set(seen))
    assert before <= set(seen)
    api.withdraw("P01", [("Observation", ident) for ident in found("P01", "Observation") if ident.startswith("x")])


def test_a_cursor_is_of_its_own_search_only(world: dict[str, Any]) -> None:
    from commonweal.apps.record import api

    with system("P01") as scope:
        first = api.search(scope, "Observation", [("_count", "5"), ("_sort", "date")])
        assert "2018" not in first.next_cursor
        for pairs, cursor in (
            ([("_count", "5")], first.next_cursor),
            ([("_count", "5"), ("_sort", "date")], first.next_cursor[:-4] + "AAAA"),
            ([("_count", "5"), ("_sort", "date")], "nonsense"),
        ):
            with pytest.raises(api.BadSearch, match="_cursor"):
                api.search(scope, "Observation", pairs, cursor)


# --- hostile values --------------------------------------------------------------------------------------

REFUSED: list[tuple[str, str]] = [
    ("_count", "1000000"), ("_count", "-1"), ("_sort", "code,date,status,subject"), ("_total", "some"),
    ("_elements", "x"), ("code", ",".join(["x"] * 10_000)), ("code", "a\0b"), ("code:above", "x"),
    ("code:nonsense", "x"), ("code", "a|b|c"), ("date", "soon"), ("date", "xx2020"), ("value-quantity", "ten"),
    ("value-quantity", "1e9999"), ("value-quantity", "NaN"), ("encounter.part-of.service-provider.name", "x"),
    ("code.text", "x"), ("_has:Observation:patient:_has:Provenance:target:_has:Provenance:target:_id", "x"),
    ("_has:Observation", "x"), ("_has:Nothing:patient:code", "x"), ("_include", "Observation"),
    ("_include", "Observation:code"), ("code", ""), ("_revinclude:iterate:x", "Observation:subject"),
    ("focus.identifier", "x"), ("code-value-quantity", "c1"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), REFUSED)
def test_what_cannot_be_honoured_is_refused_and_named(
    world: dict[str, Any], as_app: None, name: str, value: str
) -> None:
    from commonweal.apps.record import api

    with system("P01") as scope, pytest.raises(api.BadSearch) as refused:
        api.search(scope, "Observation", [(name, value)])
    assert len(str(refused.value)) < 400
    assert "\0" not in str(refused.value)


@pytest.mark.parametrize(
    "value", ["x'; DROP TABLE record_resource; --", "%s", "\\", "a\\,b", "$", "||", "ﷺ" * 200, "\U0010ffff"]
)
def test_no_value_of_any_parameter_is_a_fault(world: dict[str, Any], as_app: None, value: str) -> None:
    from commonweal.apps.record import api
    from commonweal.fhir.search_parameters import parameters

    with system("P01") as scope:
        for name, parameter in parameters("Observation").items():
            for asked in (name, f"{name}:missing", "_sort", f"_has:Provenance:target:{name}"):
                if asked.startswith("_has") and parameter.kind != "token":
                    continue
                try:
                    api.search(scope, "Observation", [(asked, value)])
                except api.BadSearch:
                    continue


# --- every type, every parameter -------------------------------------------------------------------------


def test_every_parameter_of_every_type_compiles_to_sql_the_database_takes(world: dict[str, Any]) -> None:
    from commonweal.apps.record import searching
    from commonweal.fhir.definitions import resource_types
    from commonweal.fhir.search_parameters import parameters

    values = {"token": "x", "string": "x", "date": "2020", "reference": "x", "uri": "http://x", "number": "1",
              "quantity": "1", "special": "51|0|1|km"}  # fmt: skip
    reach = searching.Reach((1,), source="P01")
    kinds = sorted(resource_types())
    with connection.cursor() as cursor:
        for kind in kinds:
            pairs = []
            for name, parameter in parameters(kind).items():
                parts = parameter.alternatives[0] if parameter.kind == "composite" else ()
                pairs.append((name, "$".join(values[p.kind] for p in parts) if parts else values[parameter.kind]))
            for at in range(0, len(pairs), 12):
                compiled = searching.compiled(searching.parse(kind, pairs[at : at + 12], True), reach, NOW)
                query = searching.statement(compiled, 1)
                if kinds.index(kind) % 20 == 0:  # asking the planner of all of them would take a minute
                    cursor.execute("EXPLAIN " + query.text, list(query.values))


def examples(most: int) -> list[dict[str, Any]]:
    if not EXAMPLES.is_dir():
        pytest.skip("npm install brings hl7.fhir.r4.examples")
    paths = sorted(EXAMPLES.glob("*.json"))
    found_ = []
    every = bool(os.environ.get("COMMONWEAL_BENCH_LARGE"))  # then each of them, which takes minutes
    for path in paths if every else random.Random(3).sample(paths, most):
        resource = json.loads(path.read_text("utf-8"))
        if resource.get("resourceType") not in (None, "Bundle", "Parameters", "Binary") and "id" in resource:
            found_.append(resource)
    return found_


def test_every_example_of_the_standard_is_found_by_its_own_values(world: dict[str, Any]) -> None:
    from commonweal.apps.record import api
    from commonweal.fhir.compartment import person_reference, personal
    from commonweal.fhir.search import search_values
    from commonweal.fhir.search_parameters import element, parameters

    chosen = {(item["resourceType"], item["id"]): item for item in examples(60)}
    api.write("X01", "gp", [
        parsed(item, (person_reference(item) or "somebody") if personal(kind) else None)
        for (kind, _), item in chosen.items()
    ])  # fmt: skip
    asked = 0
    with system("X01") as scope:
        for (kind, ident), item in chosen.items():
            values = search_values(item)
            by_number: dict[int, str] = {}
            for number, _, system_, code in values.tokens:
                if number > 0 and element(kind, number).path != "telecom":
                    by_number[number] = (
                        f"{system_}|{code}".replace("\\", "\\\\").replace(",", "\\,").replace("$", "\\$")
                    )
            for number, _, low, high in values.dates:
                if "infinity" not in (low, high) and "-infinity" not in (low, high):
                    by_number[number] = "ge" + low
            for number, _, kept, target in values.references:
                by_number[number] = f"{kept}/{target}" if kept else target
            for number, _, _, exact in values.strings:
                by_number[number] = exact[:200].replace("\\", "\\\\").replace(",", "\\,").replace("|", "\\|")
            for parameter in parameters(kind).values():
                read = next(
                    (read for read in parameter.reads if read.number in by_number and not read.restriction), None
                )
                if read is None or (parameter.kind == "uri" and "|" not in by_number[read.number]):
                    continue
                text = by_number[read.number]
                value = text.partition("|")[2] if parameter.kind == "uri" else text
                if not value.strip() or (parameter.kind == "reference" and "," in value):
                    continue
                page = api.search(scope, kind, [(parameter.name, value), ("_count", "200")])
                assert ident in {match.id for match in page}, (kind, ident, parameter.name, value)
                asked += 1
    assert asked > 150


# --- made again ------------------------------------------------------------------------------------------


def rows() -> list[Any]:
    kept = []
    with connection.cursor() as cursor:
        for table in ("token", "date", "string", "reference", "number"):
            cursor.execute("SELECT t::text FROM record_" + table + " t")
            kept.append(sorted(row[0] for row in cursor.fetchall()))
    return kept


def test_reindex_makes_the_same_rows_and_goes_on_where_it_stopped(
    world: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from commonweal.apps.record import api, indexing

    before = rows()
    assert all(before)
    assert api.reindex() == 0  # nothing is left to do
    with connection.cursor() as cursor:
        for table in ("token", "date", "string", "reference", "number"):
            cursor.execute("DELETE FROM record_" + table)
        cursor.execute("UPDATE record_indexing SET definitions = 'older'")
    assert not indexing.state().complete
    monkeypatch.setattr(indexing, "STRETCH", 20)

    def stop(now: Any) -> None:
        if now.done >= 40:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        api.reindex(told=stop)
    half = indexing.state()
    assert 0 < half.done < half.upto
    assert api.reindex() > 0
    assert rows() == before
    assert indexing.state().complete


def test_a_search_says_so_while_the_rows_are_being_made(world: dict[str, Any]) -> None:
    from commonweal.apps.access import api as access
    from commonweal.apps.record.rest.search import parsed as taken
    from commonweal.apps.record.rest.search import searched

    def said() -> list[str]:
        actor = access.Actor("user:system", "System", access.Role.SERVICE, "P01", "", None)
        with access.session(actor, access.Purpose.OPERATIONS, "search.test") as session:
            bundle = json.loads(searched(session, taken("Patient", [("_id", "p0")], True), "http://x/fhir/R4"))
        return [i["code"] for e in bundle["entry"] if e["search"]["mode"] == "outcome" for i in e["resource"]["issue"]]

    assert said() == []
    with connection.cursor() as cursor:
        cursor.execute("UPDATE record_indexing SET done = -1")
    try:
        assert said() == ["incomplete"]
    finally:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE record_indexing SET done = upto")


def test_the_day_of_the_world_is_no_matter_to_dates() -> None:
    assert span("2019-06")[0].date() == date(2019, 6, 1)
