import pytest

from commonweal.domain.identity import nhs_number


@pytest.mark.parametrize("number", ["9434765919", "943 476 5919", "943-476-5919", "4010232137", "9999999999"])
def test_valid_numbers(number: str) -> None:
    assert nhs_number.valid(number)


@pytest.mark.parametrize(
    "number",
    [
        "",
        "943476591",
        "94347659190",
        "9434765918",  # wrong check digit
        "9434756919",  # two neighbours swapped
        "943476591X",
        "９４３４７６５９１９",  # full-width digits
        "9990000000",  # the rule gives 10: never issued
    ],
)
def test_invalid_numbers(number: str) -> None:
    assert not nhs_number.valid(number)


@pytest.mark.parametrize("number", ["3333333333", "9999999999", "0000000000", "333 333 3333", "1234567881"])
def test_fillers_that_pass_the_check_are_known_bad_and_not_usable(number: str) -> None:
    assert nhs_number.valid(number)
    assert nhs_number.known_bad(number)
    assert nhs_number.usable(number) is None


def test_a_usable_number_is_compact() -> None:
    assert nhs_number.usable("943 476 5919") == "9434765919"
    assert nhs_number.usable(None) is None
    assert nhs_number.usable("9434765918") is None


def test_written_three_three_four() -> None:
    assert nhs_number.formatted("9434765919") == "943 476 5919"
    assert nhs_number.formatted("not known") == "not known"


def test_one_wrong_digit_is_always_noticed() -> None:
    good = "9434765919"
    for place in range(10):
        for digit in "0123456789":
            if digit != good[place]:
                assert not nhs_number.valid(good[:place] + digit + good[place + 1 :])
