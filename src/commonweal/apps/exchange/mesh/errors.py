"""What can go wrong with MESH. No message holds a password, a key, a file's name or anything of a file."""

from commonweal.apps.exchange.errors import ExchangeError


class MeshFault(ExchangeError):
    """Anything of MESH that stops a poll or a sending; the message says what to do."""


class BadMailboxes(MeshFault):
    """The file of mailboxes cannot be followed: where in it, and the nearest right word."""


class MeshUnreachable(MeshFault):
    """MESH did not answer, or broke off; nothing is lost, and it is tried again."""


class MeshRefused(MeshFault):
    """MESH does not accept the password, the shared key or the certificate, or refuses the request."""


class NoSuchMailbox(MeshFault):
    """MESH knows no such mailbox, ours or the one written to."""


class MissingChunk(MeshFault):
    """A message in several chunks of which one is not there; the message stays in MESH."""


class MessageTooLarge(MeshFault):
    """A message larger than the mailbox's limit, unpacked; it stays in MESH."""


class BrokenMessage(MeshFault):
    """A message whose content is not what its headers say; it is set aside as it came."""


class AlreadySent(MeshFault):
    """The same file has been sent to the same mailbox under the same workflow."""
