"""As whom a test acts: an account signed in at the pages, or another role of the database for a while."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from django.db import connection
from django.test import Client

from tests.conftest import _point_at


def as_user(name: str, password: str = "a long password") -> Client:
    """A browser in which this account is signed in."""
    client = Client(SERVER_NAME="127.0.0.1")
    assert client.post("/sign-in", {"username": name, "password": password}).status_code == 302
    return client


def as_batch() -> AbstractContextManager[None]:
    """The default connection in the role of the jobs, for as long as the block."""
    return as_role("commonweal_batch")


@contextmanager
def as_role(role: str) -> Iterator[None]:
    """The default connection in a database role, for as long as the block."""
    name, before = connection.settings_dict["NAME"], connection.settings_dict["USER"]
    _point_at(name, role)
    try:
        yield
    finally:
        _point_at(name, before)
