"""A conversation with MESH by ``mesh-client``, and its failures by our names.

Failures are told by status and by MESH's own error codes
(https://digital.nhs.uk/developer/api-catalogue/message-exchange-for-social-care-and-health-api). Nothing of a request
is repeated: its address may name a mailbox, but its headers hold a token made with the shared key.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import urllib3
from mesh_client import MeshClient, MeshError
from requests import HTTPError, RequestException, Response
from requests.exceptions import SSLError

from commonweal.apps.exchange.mesh.errors import (
    MeshFault,
    MeshRefused,
    MeshUnreachable,
    MessageTooLarge,
    MissingChunk,
    NoSuchMailbox,
)
from commonweal.apps.exchange.mesh.mailboxes import Mailbox

SILENCE = 120  # seconds without an answer
PAUSE = 0.5  # seconds before the second try, doubled before each one after
_NO_MAILBOX = ("EPL-151", "No mailbox matched")
_NO_RECIPIENT = ("12", "Unregistered")

# Each try that is not answered would be a warning with the address; a failure is told once, by its name.
logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)


@contextmanager
def talking(mailbox: Mailbox) -> Iterator[MeshClient]:
    """A client that has shown itself to MESH and was let in.

    A request that is not answered, or answered 425, 429, 502, 503 or 504, is made up to ``mailbox.tries`` times with
    growing pauses; the first chunk of a message never is, since MESH may have taken it.

    Raises:
        MeshUnreachable, MeshRefused, NoSuchMailbox.
    """
    with failing(mailbox), client(mailbox) as made:
        made.handshake()
        yield made


def client(mailbox: Mailbox) -> MeshClient:
    """A client that has said nothing yet."""
    try:
        return MeshClient(
            mailbox.service,
            mailbox.name,
            mailbox.password,
            shared_key=mailbox.shared_key,
            cert=mailbox.certificate,
            verify=mailbox.authority,
            max_chunk_size=mailbox.chunk_bytes,
            transparent_compress=True,
            max_retries=mailbox.tries - 1,
            retry_backoff_factor=PAUSE,
            timeout=SILENCE,
            application_name="commonweal",
        )
    except OSError:
        raise MeshRefused(
            f"the TLS files of {mailbox.name} cannot be used; name PEM files that belong together in mesh.yaml"
        ) from None


@contextmanager
def failing(mailbox: Mailbox, recipient: str = "", chunk: bool = False) -> Iterator[None]:
    """What goes wrong inside, by our names. ``recipient``: who is written to; ``chunk``: a later chunk is asked for."""
    try:
        yield
    except SSLError:
        raise MeshRefused(
            f"MESH and {mailbox.name} do not trust each other's certificates; check certificate, key and authority "
            "in mesh.yaml"
        ) from None
    except HTTPError as error:
        raise _of_answer(mailbox, error.response, recipient, chunk) from None
    except MeshError as error:
        raise _of_sending(mailbox, error, recipient) from None
    except (RequestException, urllib3.exceptions.HTTPError):
        raise MeshUnreachable(
            f"MESH does not answer {mailbox.name}; nothing is lost, it is tried again at the next poll"
        ) from None


def _of_answer(mailbox: Mailbox, answer: Response | None, recipient: str, chunk: bool) -> MeshFault:
    status = answer.status_code if answer is not None else 0
    code, text = _said(answer)
    if status == 403 and (code == _NO_MAILBOX[0] or _NO_MAILBOX[1] in text):
        return NoSuchMailbox(f"MESH has no mailbox {mailbox.name}; check mailbox and service in mesh.yaml")
    if status in (401, 403):
        return MeshRefused(
            f"MESH does not let {mailbox.name} in; check its password, the shared key, and this machine's clock"
        )
    if status == 404 and chunk:
        return MissingChunk("a chunk of the message is not there; it stays in MESH, ask the sender to send it again")
    if status == 413:
        return MessageTooLarge("MESH takes no chunk of this size; set chunk_bytes in mesh.yaml lower")
    if status == 417 and (code == _NO_RECIPIENT[0] or _NO_RECIPIENT[1] in text):
        return NoSuchMailbox(f"MESH has no mailbox {recipient} to send to; check its name with its owner")
    if status in (404, 410):
        return MeshRefused(f"MESH no longer has a message of {mailbox.name}; another process may have taken it")
    if status >= 500 or status in (408, 425, 429):
        return MeshUnreachable(f"MESH cannot serve {mailbox.name} now ({status}); it is tried again at the next poll")
    return MeshRefused(f"MESH refused what {mailbox.name} asked ({status} {code}); its error codes say why".rstrip())


def _of_sending(mailbox: Mailbox, error: MeshError, recipient: str) -> MeshFault:
    """Of the first chunk, which the client tells by what MESH said."""
    said = error.args[1] if len(error.args) > 1 and isinstance(error.args[1], dict) else {}
    code, text = _detail(said)
    if code == _NO_RECIPIENT[0] or _NO_RECIPIENT[1] in text:
        return NoSuchMailbox(f"MESH has no mailbox {recipient} to send to; check its name with its owner")
    if "large" in text.casefold():
        return MessageTooLarge("MESH takes no chunk of this size; set chunk_bytes in mesh.yaml lower")
    return MeshRefused(f"MESH did not take the message from {mailbox.name} (error {code or 'without a code'})")


def _said(answer: Response | None) -> tuple[str, str]:
    try:
        said = answer.json() if answer is not None else {}
    except (ValueError, RequestException, urllib3.exceptions.HTTPError):
        return "", ""
    return _detail(said) if isinstance(said, dict) else ("", "")


def _detail(said: dict[str, Any]) -> tuple[str, str]:
    """MESH's error code and text, of either version of its answers."""
    detail = said.get("detail")
    first = detail[0] if isinstance(detail, list) and detail and isinstance(detail[0], dict) else {}
    code = first.get("code") or said.get("errorCode") or ""
    return str(code), str(first.get("msg") or said.get("errorDescription") or "")
