"""Five different messages for nothing, none mistaken for another."""

from datetime import UTC, datetime

import pytest

from commonweal.domain.access.absence import Absence, explain

LAST = ("Riverside Trust", datetime(2020, 10, 3, 9, 5, tzinfo=UTC))

TABLE = [
    # recorded, none known, withheld, not shared by, silent → messages
    (True, False, False, (), (), []),
    (False, True, False, (), (), [Absence.NONE_KNOWN]),
    (False, False, False, (), (), [Absence.NOT_RECORDED]),
    (False, False, True, (), (), [Absence.WITHHELD]),
    (False, True, True, (), (), [Absence.WITHHELD, Absence.NONE_KNOWN]),
    (True, False, True, (), (), [Absence.WITHHELD]),
    (False, False, False, ("Council",), (), [Absence.NOT_SHARED, Absence.NOT_RECORDED]),
    (True, False, False, ("Council",), (), [Absence.NOT_SHARED]),
    (False, True, False, ("Council",), (), [Absence.NOT_SHARED, Absence.NONE_KNOWN]),
    (False, False, False, ("Council",), (LAST,), [Absence.NOT_HEARD, Absence.NOT_SHARED]),
    (False, False, False, (), (LAST,), [Absence.NOT_HEARD]),
    (False, True, True, ("Council",), (LAST,), list(Absence)[:4]),
]


@pytest.mark.parametrize(("recorded", "none_known", "withheld", "not_shared", "silent", "expected"), TABLE)
def test_messages(
    recorded: bool,
    none_known: bool,
    withheld: bool,
    not_shared: tuple[str, ...],
    silent: tuple[tuple[str, datetime], ...],
    expected: list[Absence],
) -> None:
    messages = explain(
        "Allergies",
        recorded=recorded,
        none_known=none_known,
        withheld=withheld,
        may_emergency=True,
        not_shared_by=not_shared,
        silent=silent,
    )
    assert [message.absence for message in messages] == expected


def test_withheld_shows_the_way_to_emergency_access_only_to_who_has_it() -> None:
    def text(may: bool) -> str:
        return explain("Allergies", recorded=False, none_known=False, withheld=True, may_emergency=may)[0].text

    assert "emergency" in text(True)
    assert "emergency" not in text(False)


def test_a_silent_source_is_named_with_its_last_day() -> None:
    message = explain("Contacts", recorded=True, none_known=False, withheld=False, may_emergency=False, silent=(LAST,))
    assert message[0].text == "Contacts: Riverside Trust not heard from since 3 October 2020 09:05."


def test_silence_of_the_sources_that_share_is_said_beside_the_one_that_does_not() -> None:
    def said(others_share: bool) -> list[str]:
        messages = explain(
            "Allergies",
            recorded=False,
            none_known=False,
            withheld=False,
            may_emergency=True,
            not_shared_by=("A Hospital",),
            others_share=others_share,
        )
        return [message.text for message in messages]

    not_shared = "Allergies: not shared by A Hospital."
    assert said(True) == [not_shared, "Allergies: not recorded by the sources that share them."]
    assert said(False) == [not_shared]  # nobody is left who could have recorded any
