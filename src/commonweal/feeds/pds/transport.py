"""A connection to PDS: HTTPS, a time limit, a token somebody else obtained, and no redirects."""

import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any

from commonweal.feeds.pds.asking import PdsRefused, PdsUnavailable, Transport

MOST = 1_000_000  # bytes of an answer: a Patient is some 10,000
_HERE = ("127.0.0.1", "localhost")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the token and a person's particulars elsewhere."""

    def redirect_request(self, *_asked: Any, **_named: Any) -> None:
        return None


def https_transport(base: str, token: str, seconds: float) -> Transport:
    """A transport to ``base`` (the API's FHIR address) that waits at most ``seconds`` for an answer.

    Raises PdsRefused unless ``base`` is https, or this machine's own address (the simulator).
    """
    parts = urllib.parse.urlsplit(base)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _HERE):
        raise PdsRefused("COMMONWEAL_PDS_URL must begin with https://; people's particulars are sent to it")
    opener = urllib.request.build_opener(_NoRedirect)

    def ask(path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, bytes]:
        address = base.rstrip("/") + path + ("?" + urllib.parse.urlencode(query) if query else "")
        request = urllib.request.Request(address, headers={"Accept": "application/fhir+json", **headers})  # noqa: S310 (scheme checked above)
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with opener.open(request, timeout=seconds) as answer:
                return int(answer.status), answer.read(MOST)
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.read(MOST)
        except (OSError, TimeoutError):
            raise PdsUnavailable(
                f"PDS at {parts.hostname} did not answer within {seconds:g} s; run the trace again later"
            ) from None

    return ask
