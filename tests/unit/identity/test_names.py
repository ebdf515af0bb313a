import pytest

from commonweal.domain.identity.names import family_agree, given_agree, one_slip, similarity


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [("martha", "marhta", 0.9611), ("dixon", "dicksonx", 0.8133), ("dwayne", "duane", 0.84), ("a", "b", 0.0)],
)
def test_similarity_is_winklers(first: str, second: str, expected: float) -> None:
    """Winkler's published examples (1990)."""
    assert similarity(first, second) == pytest.approx(expected, abs=1e-4)
    assert similarity(second, first) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("elizabeth", "liz"),
        ("bill", "william"),
        ("alex", "alexander"),
        ("alex", "alexandra"),
        ("j", "john"),
        ("mohammed", "muhammad"),
        ("catherine", "katherine"),
        ("steven", "stephen"),
        ("elizabeth", "elizabteh"),
    ],
)
def test_given_names_that_may_be_one_persons(first: str, second: str) -> None:
    assert given_agree(first, second)
    assert given_agree(second, first)


@pytest.mark.parametrize(
    ("first", "second"),
    [("john", "james"), ("anna", "harriet"), ("", "anna"), ("", ""), ("j", "peter"), ("william", "robert")],
)
def test_given_names_that_may_not(first: str, second: str) -> None:
    assert not given_agree(first, second)
    assert not given_agree(second, first)


@pytest.mark.parametrize(
    ("first", "second"), [("smith", "smyth"), ("smith", "smith jones"), ("jones", "smith jones"), ("brown", "browne")]
)
def test_family_names_that_may_be_one_persons(first: str, second: str) -> None:
    assert family_agree(first, second)
    assert family_agree(second, first)


@pytest.mark.parametrize(("first", "second"), [("smith", "jones"), ("", "smith"), ("li", "liddell")])
def test_family_names_that_may_not(first: str, second: str) -> None:
    assert not family_agree(first, second)


@pytest.mark.parametrize(
    ("first", "second"), [("amy", "aym"), ("mary", "msry"), ("leo", "lo"), ("lo", "leo"), ("ann", "ann")]
)
def test_one_slip(first: str, second: str) -> None:
    assert one_slip(first, second)


@pytest.mark.parametrize(
    ("first", "second"), [("jon", "ron"), ("mary", "mayra"), ("", "a"), ("amy", "may"), ("lee", "leroy")]
)
def test_more_than_one_slip(first: str, second: str) -> None:
    assert not one_slip(first, second)
