"""Primitive data types of FHIR R4: https://hl7.org/fhir/R4/datatypes.html#primitive

Each check takes a JSON value and says whether it is a well-formed one. The common cases are decided by slicing
and C-level string methods; regular expressions only see what is left, because a GP extract has some forty
primitives a resource.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?")
_CODE = re.compile(r"[^\s]+(\s[^\s]+)*")
_OID = re.compile(r"urn:oid:[0-2](\.(0|[1-9][0-9]*))+")
_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_ZONE = re.compile(r"Z|[+-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00)")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?([eE][+-]?[0-9]{1,3})?")
_BASE64 = re.compile(r"(\s*[0-9a-zA-Z+/=]){4,}\s*")


def is_string(value: Any) -> bool:
    """A non-empty string of at most 1 MB (control characters are a warning of their own)."""
    return value.__class__ is str and value != "" and len(value) <= 1_048_576


def is_code(value: Any) -> bool:
    """No leading, trailing or doubled whitespace."""
    if value.__class__ is not str:
        return False
    return (value.isalnum()) or _CODE.fullmatch(value) is not None


def is_id(value: Any) -> bool:
    """1 to 64 of A-Z a-z 0-9 - and ."""
    return (
        value.__class__ is str
        and 0 < len(value) <= 64
        and value.isascii()
        and (value.isalnum() or value.replace("-", "0").replace(".", "0").isalnum())
    )


def is_uri(value: Any) -> bool:
    """Non-empty, no whitespace or control characters."""
    return value.__class__ is str and value != "" and " " not in value and value.isprintable()


def is_boolean(value: Any) -> bool:
    """JSON true or false, never a string."""
    return value is True or value is False


def is_integer(value: Any) -> bool:
    """A whole number that fits 32 bits."""
    return value.__class__ is int and -2_147_483_648 <= value <= 2_147_483_647


def is_unsigned(value: Any) -> bool:
    """0 or a positive 32-bit number."""
    return value.__class__ is int and 0 <= value <= 2_147_483_647


def is_positive(value: Any) -> bool:
    """A positive 32-bit number."""
    return value.__class__ is int and 0 < value <= 2_147_483_647


def is_decimal(value: Any) -> bool:
    """A JSON number, never a string."""
    return value.__class__ is float or value.__class__ is int


def is_decimal_text(value: Any) -> bool:
    """A decimal that was wrongly sent as a string, as some XML to JSON converters do."""
    return value.__class__ is str and _DECIMAL.fullmatch(value) is not None


@lru_cache(maxsize=65_536)
def _is_day(text: str) -> bool:
    if len(text) != 10 or text[4] != "-" or text[7] != "-" or not text.isascii():
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=16_384)
def _is_year_or_month(text: str) -> bool:
    if not (text.isascii() and text[:4].isdigit() and text[:4] != "0000"):
        return False
    return len(text) == 4 or (len(text) == 7 and text[4] == "-" and text[5:].isdigit() and 1 <= int(text[5:]) <= 12)


def is_date(value: Any) -> bool:
    """YYYY, YYYY-MM or YYYY-MM-DD, and a day that exists."""
    if value.__class__ is not str:
        return False
    return _is_day(value) if len(value) == 10 else _is_year_or_month(value)


def is_instant(value: Any) -> bool:
    """A full date and time to the second, with a zone."""
    if value.__class__ is not str or len(value) < 20 or value[10] != "T" or not _is_day(value[:10]):
        return False
    if value[13] == ":" and value[16] == ":" and value[19] in "Z+-":
        try:
            datetime.fromisoformat(value[:19])
        except ValueError:
            pass
        else:
            return (value[19] == "Z" and len(value) == 20) or _ZONE.fullmatch(value, 19) is not None
    clock = _TIME.match(value, 11)
    return clock is not None and _ZONE.fullmatch(value, clock.end()) is not None


def is_datetime(value: Any) -> bool:
    """A date, or a date and time with a zone."""
    return is_date(value) or is_instant(value)


def is_time(value: Any) -> bool:
    """hh:mm:ss, no zone."""
    return value.__class__ is str and _TIME.fullmatch(value) is not None


def is_base64(value: Any) -> bool:
    """Base64 characters and whitespace only."""
    if value.__class__ is not str:
        return False
    bare = value if value.isalnum() else "".join(value.split())
    return bare.replace("+", "").replace("/", "").rstrip("=").isalnum() or bool(
        len(value) < 10_000 and _BASE64.fullmatch(value)
    )


def is_oid(value: Any) -> bool:
    """urn:oid: and dotted numbers."""
    return value.__class__ is str and _OID.fullmatch(value) is not None


def is_uuid(value: Any) -> bool:
    """urn:uuid: and a UUID."""
    return value.__class__ is str and _UUID.fullmatch(value) is not None


def is_xhtml(value: Any) -> bool:
    """Starts and ends as a ``div`` (the content is not parsed here)."""
    return value.__class__ is str and value.lstrip().startswith("<div") and value.rstrip().endswith(">")


# type → (check, what to send instead)
PRIMITIVES: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "string": (is_string, "send a non-empty string or leave the element out"),
    "markdown": (is_string, "send a non-empty string or leave the element out"),
    "code": (is_code, "send the code without leading, trailing or doubled spaces"),
    "id": (is_id, "use 1 to 64 letters, digits, '-' and '.'"),
    "uri": (is_uri, "send a URI without spaces"),
    "url": (is_uri, "send a URL without spaces"),
    "canonical": (is_uri, "send a canonical URL without spaces"),
    "boolean": (is_boolean, "send true or false without quotes"),
    "integer": (is_integer, "send a whole number without quotes"),
    "unsignedInt": (is_unsigned, "send a whole number, 0 or more, without quotes"),
    "positiveInt": (is_positive, "send a whole number, 1 or more, without quotes"),
    "decimal": (is_decimal, "send a number without quotes"),
    "date": (is_date, "send a date that exists as YYYY-MM-DD (or YYYY, YYYY-MM)"),
    "dateTime": (is_datetime, "send YYYY-MM-DD, or YYYY-MM-DDThh:mm:ss with Z or an offset"),
    "instant": (is_instant, "send YYYY-MM-DDThh:mm:ss with Z or an offset"),
    "time": (is_time, "send hh:mm:ss without a zone"),
    "base64Binary": (is_base64, "send base64 text"),
    "oid": (is_oid, "send urn:oid: and dotted numbers"),
    "uuid": (is_uuid, "send urn:uuid: and a UUID"),
    "xhtml": (is_xhtml, "send one XHTML <div> element"),
}
