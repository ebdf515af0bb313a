"""NHS numbers: the check digit, numbers no person has, and how one is written.

Published rule: NHS Data Model and Dictionary, attribute NHS NUMBER,
https://www.datadictionary.nhs.uk/attributes/nhs_number.html — ten digits, the last a modulus 11 check
digit; printed 3 3 4 (https://service-manual.nhs.uk/design-system/patterns/ask-for-their-nhs-number).
"""

import json
from pathlib import Path

# Numbers typed to get past a form (``fillers.json``); one digit repeated is told without a list.
_FILLERS = json.loads(Path(__file__).with_name("fillers.json").read_text("utf-8"))["numbers"]
_TYPED_TO_PASS = frozenset(entry["value"] for entry in _FILLERS)


def compact(number: str) -> str:
    """``number`` without the spaces and hyphens people write in it; other characters are kept."""
    return number.replace(" ", "").replace("-", "").replace("\u00a0", "")


def check_digit(first_nine: str) -> int | None:
    """The modulus 11 check digit of nine digits, 0 to 9, or None where the rule gives 10 (never issued)."""
    remainder = sum(int(digit) * weight for digit, weight in zip(first_nine, range(10, 1, -1), strict=True)) % 11
    digit = (11 - remainder) % 11
    return None if digit == 10 else digit


def valid(number: str) -> bool:
    """Whether ``number`` is ten digits, spaces and hyphens aside, whose last is the modulus 11 check digit.

    Says nothing about whether anybody has the number: ``9999999999`` is valid. See ``known_bad``.
    """
    digits = compact(number)
    if len(digits) != 10 or not (digits.isascii() and digits.isdigit()):
        return False
    return check_digit(digits[:9]) == int(digits[9])


def known_bad(number: str) -> bool:
    """Whether ``number`` is a filler: one digit ten times, or a run typed to get past a form."""
    digits = compact(number)
    return len(set(digits)) <= 1 or digits in _TYPED_TO_PASS


def usable(number: str | None) -> str | None:
    """``number`` in compact form if it can identify a person, else None (missing, invalid or a filler)."""
    if not number:
        return None
    digits = compact(number)
    return digits if valid(digits) and not known_bad(digits) else None


def formatted(number: str) -> str:
    """``number`` as people read it, ``999 123 4567``; a value that is not ten digits is returned unchanged."""
    digits = compact(number)
    return f"{digits[:3]} {digits[3:6]} {digits[6:]}" if len(digits) == 10 and digits.isdigit() else number
