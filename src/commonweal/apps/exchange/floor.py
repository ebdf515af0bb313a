"""Where this installation's landed files are, how one is read, and how it is kept to one process at a time."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from commonweal.apps.access import api as access
from commonweal.apps.exchange import landing
from commonweal.apps.exchange.models import Receipt

LOCK = 62_062  # the class of this app's advisory locks; the key is the receipt


def landing_floor() -> Path:
    """The folder of the landed files."""
    return Path(settings.COMMONWEAL_HOME) / "landing"


def opened(receipt: Receipt) -> BinaryIO:
    """The bytes of a receipt's file as they are held now. Raises ``SealBroken``, ``FileNotFoundError``."""
    return landing.opened(landing_floor(), receipt.held or receipt.sha256)


def alone(receipt: int) -> AbstractContextManager[None]:
    """Only one process works on a receipt; another waits and then finds it done."""
    return access.alone(LOCK, receipt)
