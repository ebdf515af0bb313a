"""Listener and database sessions killed under load: nothing acknowledged is lost, nothing is applied twice."""

from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import Sum

from tests.landing_files import empty, state
from tests.mllp_senders import landed_journals, stays, through_kills

pytestmark = [pytest.mark.long, pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]


def check_kills(database: str, home: Path, folder: Path, messages: list[str], kills: int, seed: int) -> None:
    """Send ``messages`` through ``kills``; the record must be that of a file of the same messages."""
    from commonweal.apps.exchange import api as exchange
    from commonweal.apps.exchange.models import Message, Receipt

    empty()
    path = folder / "RXX.hl7"
    path.write_text("\n".join(messages))
    exchange.land("adt", [path], "RXX")
    undisturbed = state(versions=False)
    empty()
    acknowledged = through_kills(database, messages, kills, seed)
    connection.close()
    held = set(Message.objects.values_list("control_id", flat=True))
    assert set(acknowledged) <= held, "an acknowledged message was lost"
    assert len(acknowledged) == len(messages) == len(held) == Message.objects.count()
    assert Receipt.objects.aggregate(n=Sum("accepted"))["n"] == len(messages), "a message was applied twice"
    assert state(versions=False) == undisturbed
    assert not landed_journals(home), "a listener that was stopped closes its journals"
    for receipt in Receipt.objects.all():
        assert receipt.state == "landed"
        assert exchange.replay(receipt.pk)["read"] == 0


def test_five_kills_lose_and_repeat_nothing(database: str, home: Path, tmp_path: Path) -> None:
    assert home != settings.COMMONWEAL_HOME
    check_kills(database, home, tmp_path, stays(120), 5, 62_064)
