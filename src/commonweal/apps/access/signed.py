"""Signed tokens of others: JSON Web Tokens (RFC 7519) judged by the signer's published keys (RFC 7517).

Best practice is RFC 8725: the algorithms are ours to choose and only asymmetric (sections 3.1 and 3.2), so neither
``none`` nor a public key used as a shared secret is ever tried; issuer and audience are compared (3.8, 3.9).
"""

import json
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import jwt

from commonweal.domain.errors import CommonwealError

ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
LEEWAY = 60  # seconds two clocks may differ
MOST_BYTES = 1_000_000
MOST_TOKEN = 16_000  # characters
_KEPT = 600.0  # seconds keys are kept
_AGAIN = 30.0  # seconds before keys are asked for again because of a key nobody knows
_SECONDS = 10.0
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class NotFetched(CommonwealError):
    """Another service did not answer, or not with what was asked for: try again; the message names it."""


class BadToken(CommonwealError):
    """A signed token is forged, expired, or meant for somebody else; it opens nothing."""


class _NoRedirect(HTTPRedirectHandler):
    """A key or a token is fetched from the address that was configured and no other."""

    def redirect_request(self, *_args: Any, **_more: Any) -> None:
        """Follow nothing."""


_opener = build_opener(_NoRedirect)


def safe_address(url: str) -> bool:
    """Whether ``url`` may be asked for keys or tokens: https, or this machine itself."""
    parts = urlsplit(url)
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    )


def fetch(url: str, data: bytes | None = None, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The JSON object at ``url``; with ``data`` it is posted. Raises ``NotFetched``."""
    if not safe_address(url):
        raise NotFetched(f"{url[:200]!r} is not an https address")
    request = Request(url, data, {"Accept": "application/json", **(headers or {})})  # noqa: S310  scheme checked above
    try:
        with _opener.open(request, timeout=_SECONDS) as answer:
            body = answer.read(MOST_BYTES + 1)
        found = json.loads(body) if len(body) <= MOST_BYTES else None
    except (URLError, OSError, ValueError) as error:
        raise NotFetched(f"{urlsplit(url).hostname} did not answer as expected: {error}") from error
    if not isinstance(found, dict):
        raise NotFetched(f"{urlsplit(url).hostname} did not answer with a JSON object")
    return found


@dataclass
class Keys:
    """The public keys of one signer: given, or fetched from ``url`` and kept ten minutes."""

    url: str = ""
    given: Mapping[str, Any] | None = None
    _held: Mapping[str, Any] = field(default_factory=dict)
    _at: float = float("-inf")
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, kid: str | None, algorithm: str) -> list[Any]:
        """The keys a token with this header may be signed by: of that id, or all of the kind where it names none."""
        found = self._among(self._now(_KEPT), kid, algorithm)
        if not found and self.url:  # a key may have been added since
            found = self._among(self._now(_AGAIN), kid, algorithm)
        return found

    def _now(self, most: float) -> Mapping[str, Any]:
        if self.given is not None:
            return self.given
        with self._lock:
            if time.monotonic() - self._at > most:
                self._held = fetch(self.url)
                self._at = time.monotonic()
            return self._held

    @staticmethod
    def _among(keys: Mapping[str, Any], kid: str | None, algorithm: str) -> list[Any]:
        found = []
        for one in keys.get("keys", ()):
            if not isinstance(one, dict) or (kid is not None and one.get("kid") != kid):
                continue
            if one.get("use", "sig") != "sig" or one.get("alg", algorithm) != algorithm:
                continue
            try:
                key = jwt.PyJWK(one, algorithm)
            except jwt.PyJWTError:
                continue  # a key of another kind than the algorithm's
            if key.key_type != "oct":
                found.append(key)
        return found


def claims(
    token: str,
    keys: Keys,
    *,
    algorithms: Iterable[str],
    issuer: str,
    audience: str,
    require: Iterable[str],
) -> dict[str, Any]:
    """What ``token`` says, if one of ``keys`` signed it with one of ``algorithms`` for ``audience`` and it stands now.

    Raises:
        BadToken: anything else.
        NotFetched: the keys cannot be had.
    """
    allowed = ALGORITHMS & set(algorithms)
    try:
        header = jwt.get_unverified_header(token if len(token) <= MOST_TOKEN else "")
    except jwt.PyJWTError as error:
        raise BadToken("This is no signed token.") from error
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in allowed or not isinstance(kid, str | None):
        raise BadToken(f"Sign the token with one of {', '.join(sorted(allowed))}.")
    problem: Exception | None = None
    for key in keys.find(kid, algorithm):
        try:
            return dict(
                jwt.decode(
                    token,
                    key,
                    algorithms=[algorithm],
                    audience=audience,
                    issuer=issuer,
                    leeway=LEEWAY,
                    options={"require": ["exp", "iss", "aud", *require]},
                )
            )
        except jwt.PyJWTError as error:
            problem = error
    raise BadToken(f"The token is not in order: {problem or 'nobody known has this key'}.") from problem
