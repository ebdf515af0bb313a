"""Scopes narrow and never widen: parsed, granted within what was registered, and said in words."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from commonweal.domain.access import smart

KINDS = ["Observation", "Patient", "Condition", "*"]
letters = st.lists(st.sampled_from("cruds"), min_size=1, unique=True).map(
    lambda found: "".join(sorted(found, key="cruds".index))
)
scopes = st.builds(
    lambda level, kind, may: f"{level}/{kind}.{may}",
    st.sampled_from(["patient", "user", "system"]),
    st.sampled_from(KINDS),
    letters,
)


@given(st.lists(scopes, max_size=4), st.lists(scopes, max_size=4))
def test_what_is_granted_is_asked_and_within_what_may_be(asked: list[str], most: list[str]) -> None:
    given_ = smart.granted(asked, most)
    assert set(given_) <= set(asked)
    for kind in KINDS:
        for letter in "cruds":
            if smart.App("a", given_).allows(kind, letter):
                assert smart.App("a", tuple(most)).allows(kind, letter)
                assert smart.App("a", tuple(asked)).allows(kind, letter)
    assert smart.granted(given_, most) == given_


@pytest.mark.parametrize(
    "scope",
    [
        *("", "*", "system/*.*", "system/Observation.read", "system/Observation.sr", "system/Observation."),
        *("system/observation.r", "system/Observation.rs?category=x", "system/Observation.rs ", "offline_access"),
        *("root/*.rs", "system/../*.rs", "system/Observation.rss", "openid email", "system/*.rs\nsystem/*.cruds"),
    ],
)
def test_what_is_no_scope_of_ours_is_granted_to_nobody(scope: str) -> None:
    assert not smart.known(scope)
    assert smart.granted([scope], [scope, "system/*.cruds"]) == ()


def test_one_type_is_one_type_and_every_type_needs_the_star() -> None:
    app = smart.App("a", ("system/Observation.rs", "system/Patient.r"))
    assert app.allows("Observation", "rs")
    assert not app.allows("Observation", "c")
    assert not app.allows("Patient", "rs")
    assert not app.allows("*", "r")
    assert smart.App("a", ("system/*.rs",)).allows("Anything", "rs")


def test_levels_are_not_each_other() -> None:
    assert smart.granted(["user/*.rs", "patient/*.rs"], ["patient/*.cruds", "launch/patient"]) == ("patient/*.rs",)


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        ("user/Observation.rs", "read and search observation entries"),
        ("patient/*.cruds", "add, read, change, remove and search everything in the record"),
        ("user/MedicationRequest.r", "read medication request entries"),
        ("online_access", "go on while you stay signed in"),
    ],
)
def test_a_scope_in_words(scope: str, words: str) -> None:
    assert smart.in_words(scope) == words
