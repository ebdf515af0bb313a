"""Who may send over MLLP: sending facility (MSH-4) → organisation, with the days it holds and from which address.

A CSV file with the columns facility, source, address, valid_from, valid_to: ``facility`` as MSH-4.1 or MSH-4.2 has it,
``source`` an ODS code, ``address`` a network such as 10.1.0.0/16 or nothing for any, days both included, ``valid_to``
empty for no end. Nobody else is listened to.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path

from commonweal.apps.exchange import dated
from commonweal.apps.exchange.arriving import ODS_CODE, check_numbering
from commonweal.apps.exchange.errors import BadSenders

_COLUMNS = ("facility", "source", "address", "valid_from", "valid_to")


@dataclass(frozen=True, slots=True)
class Sender:
    """One row of the list."""

    facility: str
    source: str
    network: IPv4Network | IPv6Network | None = None
    valid_from: date = date.min
    valid_to: date = date.max

    def sends(self, facilities: Sequence[str], peer: str, on: date) -> bool:
        """Whether a message that names one of ``facilities`` and comes from ``peer`` is this sender's on that day."""
        if self.facility not in facilities or not self.valid_from <= on <= self.valid_to:
            return False
        return self.network is None or ip_address(peer) in self.network


class Senders:
    """The list, asked for each message."""

    def __init__(self, senders: Iterable[Sender]) -> None:
        self.senders = tuple(senders)

    def source(self, facilities: Sequence[str], peer: str, on: date) -> str | None:
        """The ODS code of who sends, ``None`` for nobody on the list."""
        named = [part for part in facilities if part]
        return next((one.source for one in self.senders if one.sends(named, peer, on)), None)

    def sources(self) -> list[str]:
        """The organisations listed."""
        return sorted({one.source for one in self.senders})


def may_send(allow: Iterable[str], path: Path | None, *, same_numbering: bool = False) -> Senders:
    """The list of a command: codes that are their own facility, and those of a file.

    Raises:
        BadSenders: nobody is named, or the file is not as it should be.
        NumberedApart: a source already sends files of another feed (``arriving.check_numbering``).
    """
    listed = [Sender(code, code) for code in allow]
    if any(not ODS_CODE.fullmatch(code) for code in allow):
        raise BadSenders("--allow takes ODS codes, such as RXX")
    found = Senders([*listed, *(read(path).senders if path else ())])
    if not found.senders:
        raise BadSenders("nobody may send yet; name them with --allow ODS or --senders FILE")
    for source in found.sources():
        check_numbering("adt", source, same_numbering)
    return found


def read(path: Path) -> Senders:
    """The list in a file. Raises ``BadSenders`` naming the line and what to do."""
    return Senders([_sender(where, cells) for where, cells in dated.rows(path, _COLUMNS, BadSenders)])


def _sender(where: str, cells: Mapping[str, str]) -> Sender:
    if not cells["facility"] or not cells["source"].isalnum() or not 3 <= len(cells["source"]) <= 12:
        raise BadSenders(f"{where}: give the facility of MSH-4 and the ODS code of its organisation")
    try:
        network = ip_network(cells["address"]) if cells["address"] else None
    except ValueError:
        raise BadSenders(f"{where}: write the address as a network, such as 10.1.0.0/16") from None
    return Sender(cells["facility"], cells["source"], network, *dated.days(where, cells, BadSenders))
