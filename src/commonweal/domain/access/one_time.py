"""One-time codes of an authenticator app, and recovery codes. Pure: the moment and the randomness are arguments.

TOTP: RFC 6238, section 4 (https://www.rfc-editor.org/rfc/rfc6238#section-4), on HOTP, RFC 4226, section 5.3
(https://www.rfc-editor.org/rfc/rfc4226#section-5.3), with what every authenticator app takes for granted: SHA-1, six
digits, thirty seconds. SHA-1 is not broken in this use: what is needed of it is that of a keyed function.
"""

import base64
import hashlib
import hmac
from urllib.parse import quote, urlencode

PERIOD = 30  # seconds a code stands
DIGITS = 6
EITHER_SIDE = 1  # steps: the clock of a telephone may be half a minute out (RFC 6238, section 5.2)
RECOVERY_CODES = 8
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's 32: no i, l, o, u to misread


def code_at(secret: bytes, step: int) -> str:
    """The six digits of ``secret`` (bytes shared with the app) for a step (seconds since 1970 // 30)."""
    digest = hmac.new(secret, step.to_bytes(8, "big"), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def matching_step(secret: bytes, code: str, moment: float, after: int = -1) -> int | None:
    """The step that ``code`` is of, among those around ``moment`` (seconds since 1970) and later than ``after``.

    None: it is of none. ``after`` is the last step used, since a code stands once (RFC 6238, section 5.2). Every step
    is compared, in constant time.
    """
    typed = "".join(code.split())
    now = int(moment) // PERIOD
    found = None
    for step in range(max(0, now - EITHER_SIDE), now + EITHER_SIDE + 1):
        same = hmac.compare_digest(code_at(secret, step).encode(), typed.encode())
        if same and step > after and found is None:
            found = step
    return found


def app_address(secret: bytes, account: str, issuer: str) -> str:
    """What a QR code tells the app: https://github.com/google/google-authenticator/wiki/Key-Uri-Format"""
    label = quote(f"{issuer}:{account}", safe="")
    return f"otpauth://totp/{label}?{urlencode({'secret': spelt(secret), 'issuer': issuer}, quote_via=quote)}"


def spelt(secret: bytes) -> str:
    """The secret in the letters apps take when it is typed: base 32, without padding."""
    return base64.b32encode(secret).decode().rstrip("=")


def recovery_code(random: bytes) -> str:
    """Ten random bytes as a code to write down: four groups of four letters and digits, 80 bits."""
    number = int.from_bytes(random[:10], "big")
    letters = "".join(_LETTERS[(number >> (5 * place)) & 31] for place in range(16))
    return "-".join(letters[place : place + 4] for place in range(0, 16, 4))


def recovery_digest(code: str) -> str:
    """What is kept of a recovery code: its SHA-256, however it was typed."""
    plain = "".join(letter for letter in code.lower() if letter.isalnum())
    return hashlib.sha256(plain.replace("o", "0").replace("i", "1").replace("l", "1").encode()).hexdigest()
