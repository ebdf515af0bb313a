"""Whether the database can be used, and how an error says that it cannot.

A look at a record is audited in the same transaction, so a database that cannot be written to cannot serve a record
either: an unaudited look is refused like any other. What needs no database is served all the same.
"""

from django.db import DatabaseError, InterfaceError, OperationalError, connection
from psycopg.errors import ReadOnlySqlTransaction

RETRY_AFTER = "5"  # seconds: the embedded server is back within about as many
# https://www.postgresql.org/docs/18/errcodes-appendix.html: 08 connection, 57P0x shutting down or starting, 53 full
_AWAY = ("08", "57P0", "53")


def away(error: BaseException) -> str:
    """What ``error`` says of the database: ``down``, ``read-only``, or nothing (it is about something else)."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, ReadOnlySqlTransaction):
            return "read-only"
        state = getattr(found, "sqlstate", None)
        if state and state.startswith(_AWAY):
            return "down"
        if isinstance(found, InterfaceError) or (isinstance(found, OperationalError) and _no_state(found)):
            return "down"
        found = found.__cause__
    return ""


def _no_state(error: OperationalError) -> bool:
    """Whether the server never answered: an error of its own has a state, a lost connection has none."""
    return getattr(error.__cause__, "sqlstate", None) is None


def state() -> str:
    """``ready``, ``read-only`` or ``down``, asked of the database now."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean")
            return "read-only" if cursor.fetchone()[0] else "ready"
    except DatabaseError as error:
        return away(error) or "down"
    except InterfaceError:
        return "down"
