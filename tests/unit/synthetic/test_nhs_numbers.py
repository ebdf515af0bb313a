"""NHS numbers: never-issued ranges only, right check digits, all different."""

import numpy as np

from commonweal.domain.identity import nhs_number
from commonweal.synthetic.nhs_numbers import RANGES, allocate, check_digits, misread, valid


def passes(number: int) -> bool:
    """The check as the NHS Data Dictionary words it, digit by digit."""
    digits = [int(c) for c in f"{number:010d}"]
    remainder = 11 - sum(d * (10 - i) for i, d in enumerate(digits[:9])) % 11
    return remainder != 10 and digits[9] == (0 if remainder == 11 else remainder)


def test_known_examples() -> None:
    assert check_digits(np.array([943476591, 987654321])).tolist() == [9, 0]
    assert 9999999999 not in valid(np.array([999999999])).tolist()


def test_allocated_numbers_are_valid_different_and_from_the_first_range() -> None:
    numbers = allocate(np.random.default_rng(1), 50_000)
    assert len(np.unique(numbers)) == 50_000
    assert numbers.min() >= RANGES[0][0]
    assert numbers.max() <= RANGES[0][1]
    assert all(passes(n) and nhs_number.valid(str(n)) for n in numbers[:5_000].tolist())


def test_the_second_range_follows_when_the_first_is_used_up() -> None:
    numbers = allocate(np.random.default_rng(1), 1_200_000)
    assert len(np.unique(numbers)) == 1_200_000
    first = (numbers >= RANGES[0][0]) & (numbers <= RANGES[0][1])
    second = (numbers >= RANGES[1][0]) & (numbers <= RANGES[1][1])
    assert (first | second).all()
    assert second.any()
    assert first[: int(first.sum())].all(), "the first range is used up before the second"
    assert all(passes(n) for n in numbers[-2_000:].tolist())


def test_a_misread_number_still_passes_and_stays_in_its_range() -> None:
    for number in allocate(np.random.default_rng(2), 300).tolist():
        found = [misread(number, p, c) for p in range(4, 9) for c in range(1, 10)]
        assert all(passes(n) and n // 10**7 == number // 10**7 for n in found)
        assert any(n != number for n in found)


def test_no_single_transposition_passes() -> None:
    """Why a wrong number that passes has two wrong digits: modulus 11 finds every transposition."""
    for number in allocate(np.random.default_rng(3), 200).tolist():
        text = str(number)
        for i in range(9):
            if text[i] != text[i + 1]:
                assert not passes(int(text[:i] + text[i + 1] + text[i] + text[i + 2 :]))
