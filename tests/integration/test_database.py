"""The embedded server is set up for landing, and never at the price of durability."""

import pytest
from django.db import connection


@pytest.mark.parametrize(
    ("setting", "value"),
    [("fsync", "on"), ("full_page_writes", "on"), ("synchronous_commit", "on"), ("wal_buffers", "64MB")],
)
def test_a_setting_of_the_embedded_server(database: str, setting: str, value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s)", [setting])
        assert cursor.fetchone() == (value,)
