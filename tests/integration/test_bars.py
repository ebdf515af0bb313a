"""The Booking and Referral Standard in the web role: the scenarios, who is matched, what is stored, and who sees it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from commonweal.feeds.bars import scenarios
from tests.integration.bars_world import COUNCIL, PRACTICE, SCHEDULE, SLOT, VICKY, World, make, transport

pytestmark = pytest.mark.usefixtures("database")
AT = datetime(2020, 11, 2, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def world(database: str) -> World:
    return make()


@pytest.fixture
def web(world: World) -> Iterator[World]:
    connection.close()
    connection.settings_dict["USER"] = "commonweal_app"
    yield world
    connection.close()
    connection.settings_dict["USER"] = "commonweal_batch"


def peer(world: World, ident: int, who: str = "p01", **more: Any) -> scenarios.Peer:
    return scenarios.Peer(transport(world, who), PRACTICE, COUNCIL, VICKY, AT, UUID(int=ident), **more)


def test_every_step_of_the_conformance_scenarios(web: World) -> None:
    steps = list(scenarios.run(peer(web, 7, slot=SLOT, schedule=SCHEDULE)))
    assert [(one.name, one.found) for one in steps if not one.passed] == []
    assert len(steps) > 35
