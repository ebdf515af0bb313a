"""NHS numbers that are never issued to anybody.

First 999 000 0000 to 999 999 9999, which NHS England sets aside for tests; then 998 999 9999 downwards to
900 000 0000, the rest of the block documented as "not to be issued (synthetic and test persons, PDS)".
The tenth digit is the modulus 11 check digit of the NHS Data Dictionary (NHS NUMBER).
"""

import numpy as np

from commonweal.synthetic.columns import Ints

RANGES = ((999_000_0000, 999_999_9999), (900_000_0000, 998_999_9999))
_WEIGHTS = np.arange(10, 1, -1, dtype=np.int64)


def check_digits(bases: Ints) -> Ints:
    """The check digit of each nine-digit base; 10 marks a base that must not be used, 11 is given as 0."""
    total = np.zeros(len(bases), dtype=np.int64)
    rest = bases.copy()
    for weight in _WEIGHTS[::-1]:
        total += weight * (rest % 10)
        rest //= 10
    digit = 11 - total % 11
    digit[digit == 11] = 0
    return digit


def valid(bases: Ints) -> Ints:
    """The ten-digit numbers with a usable check digit among ``bases``, without those of one repeated digit."""
    digits = check_digits(bases)
    numbers = (bases * 10 + digits)[digits < 10]
    kept: Ints = numbers[numbers % 1_111_111_111 != 0]
    return kept


def allocate(rng: np.random.Generator, count: int) -> Ints:
    """``count`` different numbers in random order from the never-issued ranges, the first range used up first."""
    (first, last), (lowest, highest) = ((low // 10, high // 10) for low, high in RANGES)
    numbers = rng.permutation(valid(np.arange(first, last + 1, dtype=np.int64)))
    below = highest
    while len(numbers) < count:
        block = valid(np.arange(max(lowest, below - 999_999), below + 1, dtype=np.int64))
        if not len(block):
            raise ValueError(f"only {len(numbers)} never-issued NHS numbers exist; ask for fewer people than {count}")
        numbers = np.concatenate([numbers, rng.permutation(block)])
        below -= 1_000_000
    return numbers[:count]


def misread(number: int, position: int, change: int) -> int:
    """``number`` with two of its digits misread so that it still passes the check.

    A single changed digit and any single transposition fail modulus 11, since 11 is prime; two wrong digits can
    pass. ``position`` (4 to 8, counted from the left, 1-based) and ``change`` (1 to 9) choose the first wrong digit;
    the second is looked for among the others of the free digits. The number itself comes back if none will do.
    """
    digits = [int(c) for c in str(number)]
    first = position - 1
    altered = (digits[first] + change) % 10
    shift = (altered - digits[first]) * (10 - first)
    for second in range(3, 9):
        if second == first:
            continue
        for value in range(10):
            if (shift + (value - digits[second]) * (10 - second)) % 11 == 0:
                digits[first], digits[second] = altered, value
                return int("".join(map(str, digits)))
    return number
