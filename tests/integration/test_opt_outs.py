"""Opt-outs reach the uses they bind, and no others; and never direct care."""

from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
from django.db import connection

from commonweal.domain.access.opt_outs import Form, OptOut, OptOutFault
from commonweal.domain.access.vocabulary import Purpose

pytestmark = pytest.mark.usefixtures("database")

ANN, BOB = uuid4(), uuid4()
PEOPLE: dict[int, UUID] = {1: ANN, 2: ANN, 3: BOB}
NUMBERS = {1: ("RXX", "9990000018"), 2: ("A81001", "9990000018"), 3: ("A81001", "9990000026")}
ON = datetime(2020, 10, 31, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def nobody_opted_out(database: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM access_opt_out")
        cursor.execute("DELETE FROM access_opt_out_number")


def test_a_national_opt_out_leaves_the_whole_person_out_of_rows_and_nobody_out_of_counts() -> None:
    from commonweal.apps.access import api

    api.set_opt_out(OptOut.NATIONAL_DATA, [1], True, source="A81001", by="user:officer")
    for purpose in (Purpose.RESEARCH, Purpose.SERVICE_PLANNING, Purpose.POPULATION_HEALTH):
        found = api.people_opted_out(purpose, PEOPLE)
        assert (found.people, found.compartments) == ({ANN}, {1, 2})
        assert found.counts == {"national_data": 1, "type_1": 0}
    assert api.people_opted_out(Purpose.RESEARCH, PEOPLE, form=Form.COUNTS).people == frozenset()
    for care in (Purpose.DIRECT_CARE, Purpose.EMERGENCY, Purpose.SAFEGUARDING, Purpose.OWN_RECORD):
        assert api.people_opted_out(care, PEOPLE).compartments == frozenset()


def test_type_1_leaves_out_what_the_practice_wrote_and_nothing_of_others() -> None:
    from commonweal.apps.access import api

    api.set_opt_out(OptOut.TYPE_1, [2], True, source="A81001", by="user:officer")
    for form in Form:
        found = api.people_opted_out(Purpose.SERVICE_PLANNING, PEOPLE, form=form)
        assert (found.people, found.compartments, found.counts["type_1"]) == (frozenset(), {2}, 1)


def test_a_national_list_is_whole_and_keeps_digests_of_numbers_nobody_here_has_yet() -> None:
    from commonweal.apps.access import api

    listed = ["9990000018", "9990000999"]
    assert api.replace_list(OptOut.NATIONAL_DATA, listed, source="mesh", by="service:opt-outs") == (2, 0)
    assert api.people_opted_out(Purpose.RESEARCH, PEOPLE, NUMBERS).people == {ANN}
    assert api.people_opted_out(Purpose.RESEARCH, {9: BOB}, {9: ("RXX", "9990000999")}).people == {BOB}
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(t::text, '') FROM access_opt_out_number t")
        assert "999000" not in str(cursor.fetchone()[0])
    assert api.replace_list(OptOut.NATIONAL_DATA, ["9990000026"], source="mesh", by="x") == (1, 2)
    assert api.people_opted_out(Purpose.RESEARCH, PEOPLE, NUMBERS).people == {BOB}


def test_a_practices_list_of_type_1_binds_what_that_practice_wrote() -> None:
    from commonweal.apps.access import api

    api.replace_list(OptOut.TYPE_1, ["9990000018"], source="A81001", by="operator:x")
    found = api.people_opted_out(Purpose.RESEARCH, PEOPLE, NUMBERS)
    assert (found.people, found.compartments, found.counts["type_1"]) == (frozenset(), {2}, 1)


def test_an_exemption_frees_what_it_names_while_it_is_in_force_and_never_type_1() -> None:
    from commonweal.apps.access import api

    api.set_opt_out(OptOut.NATIONAL_DATA, [1], True, source="A81001", by="user:officer")
    api.set_opt_out(OptOut.TYPE_1, [3], True, source="A81001", by="user:officer")
    found = api.people_opted_out(Purpose.RESEARCH, PEOPLE, exemption="communicable_disease")
    assert (found.people, found.compartments) == (frozenset(), {3})
    with pytest.raises(OptOutFault, match="no exemption 'because' is in force on 2020-10-31"):
        api.people_opted_out(Purpose.RESEARCH, PEOPLE, exemption="because", on=ON)
    with pytest.raises(OptOutFault, match="2017-01-01"):
        api.people_opted_out(
            Purpose.RESEARCH, PEOPLE, exemption="communicable_disease", on=datetime(2017, 1, 1, tzinfo=UTC)
        )


def test_who_opts_in_again_is_counted_again_and_the_audit_says_by_whom() -> None:
    from commonweal.apps.access import api

    api.set_opt_out(OptOut.NATIONAL_DATA, [1], True, source="A81001", by="user:officer")
    assert api.set_opt_out(OptOut.NATIONAL_DATA, [1, 2], False, source="A81001", by="user:officer") == 1
    assert api.people_opted_out(Purpose.RESEARCH, PEOPLE).people == frozenset()
    with connection.cursor() as cursor:
        cursor.execute("SELECT action FROM access_audit WHERE actor = 'user:officer' ORDER BY id DESC LIMIT 1")
        assert cursor.fetchone() == ("opt_out.national_data.withdrawn",)


def test_every_use_beyond_care_has_a_rule_and_a_ground() -> None:
    from commonweal.apps.access import api
    from commonweal.domain.access.opt_outs import BEYOND_CARE

    today = date(2026, 11, 22)
    stated = {(one.kind, one.purpose, one.form) for one in api.opt_out_rules() if one.start <= today and one.ground}
    assert stated == {(kind, purpose, form) for kind in OptOut for purpose in BEYOND_CARE for form in Form}
