"""A connection to a partner's receiver: HTTPS, a time limit, a token somebody else obtained, and no redirects."""

import http.client
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any

from commonweal.feeds.bars.scenarios import Transport
from commonweal.feeds.bars.tables import BarsRefused

MOST = 5_000_000  # bytes of an answer
_HERE = ("127.0.0.1", "localhost")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the token and a person's particulars elsewhere."""

    def redirect_request(self, *_asked: Any, **_named: Any) -> None:
        return None


def https_transport(base: str, token: str, seconds: float) -> Transport:
    """A transport to ``base`` that waits at most ``seconds``. What does not answer raises ``OSError``.

    Raises BarsRefused unless ``base`` is https, or this machine's own address (the simulator).
    """
    parts = urllib.parse.urlsplit(base)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _HERE):
        raise BarsRefused("parameter-invalid", "the address begins with https://; people's data is sent to it")
    opener = urllib.request.build_opener(_NoRedirect)

    def ask(method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        request = urllib.request.Request(  # noqa: S310  (scheme checked above)
            base.rstrip("/") + "/" + path,
            data=body if method == "POST" else None,
            headers={"Accept": "application/fhir+json", **headers},
            method=method,
        )
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            return _answered(opener, request, seconds)
        except http.client.HTTPException as broken:  # which is no OSError: an answer cut short, or not HTTP at all
            raise ConnectionError(type(broken).__name__) from broken

    return ask


def _answered(
    opener: urllib.request.OpenerDirector, request: urllib.request.Request, seconds: float
) -> tuple[int, Mapping[str, str], bytes]:
    try:
        with opener.open(request, timeout=seconds) as answer:
            return int(answer.status), dict(answer.headers.items()), answer.read(MOST)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, dict(refused.headers.items()), refused.read(MOST)
