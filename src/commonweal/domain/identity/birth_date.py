"""Birth dates: which are fillers that say nothing of anybody."""

from datetime import date

# Days that systems and desks enter when the birth date is not known: century and epoch starts, and the
# zero days of common software (SQL Server 1753, spreadsheets 1899 and 1900, Unix 1970).
FILLERS = frozenset(
    {
        date(1111, 11, 11),
        date(1753, 1, 1),
        date(1800, 1, 1),
        date(1899, 12, 30),
        date(1899, 12, 31),
        date(1900, 1, 1),
        date(1901, 1, 1),
        date(1911, 11, 11),
        date(1970, 1, 1),
        date(9999, 12, 31),
    }
)
EARLIEST = date(1890, 1, 1)  # nobody now living was born before it


def placeholder(born: date | None) -> bool:
    """Whether ``born`` cannot identify anybody: missing, a known filler, or before anyone alive was born."""
    return born is None or born in FILLERS or born < EARLIEST


def usable(born: date | None) -> date | None:
    """``born`` unless it is a placeholder."""
    return None if placeholder(born) else born
