"""One-time codes against the published values of RFC 4226 and RFC 6238; recovery codes as people type them."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from commonweal.domain.access import one_time

SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("count", "code"),
    [*enumerate("755224 287082 359152 969429 338314 254676 287922 162583 399871 520489".split())],  # noqa: SIM905  a table
)
def test_codes_of_counts_are_those_of_rfc_4226_appendix_d(count: int, code: str) -> None:
    assert one_time.code_at(SECRET, count) == code


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_codes_of_moments_are_those_of_rfc_6238_appendix_b(seconds: int, code: str) -> None:
    """The table has eight digits; six are their last six (RFC 4226, section 5.3)."""
    assert one_time.matching_step(SECRET, code[2:], seconds) == seconds // 30


@given(st.binary(min_size=20, max_size=20), st.integers(0, 10**10), st.integers(-5, 5))
def test_a_code_stands_for_its_step_and_one_either_side_once(secret: bytes, moment: int, away: int) -> None:
    step = moment // 30
    if step + away < 0:
        return
    code = one_time.code_at(secret, step + away)
    found = one_time.matching_step(secret, code, moment)
    if abs(away) <= 1:
        assert found is not None
        assert one_time.matching_step(secret, code, moment, after=step + 1) is None
    elif found is not None:  # one in a few hundred thousand: another step near has the same six digits
        assert one_time.code_at(secret, found) == code


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "287 083", "²³4567", "\x00", "0" * 500])
def test_what_is_no_code_is_none(typed: str) -> None:
    assert one_time.matching_step(SECRET, typed, 59) is None


@given(st.binary(min_size=10, max_size=10))
def test_a_recovery_code_is_known_however_it_is_typed(random: bytes) -> None:
    code = one_time.recovery_code(random)
    assert len(code.replace("-", "")) == 16
    kept = one_time.recovery_digest(code)
    for typed in (code.upper(), code.replace("-", " "), f" {code} ", code.replace("0", "O").replace("1", "l")):
        assert one_time.recovery_digest(typed) == kept
    assert random == b"\0" * 10 or one_time.recovery_digest(one_time.recovery_code(b"\0" * 10)) != kept


def test_the_address_an_app_reads() -> None:
    address = one_time.app_address(SECRET, "dr.ray", "Commonweal")
    assert address == ("otpauth://totp/Commonweal%3Adr.ray?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Commonweal")
