"""Birth dates: which are fillers (``fillers.json``) that say nothing of anybody."""

import json
from datetime import date
from pathlib import Path

_READ = json.loads(Path(__file__).with_name("fillers.json").read_text("utf-8"))
FILLERS = frozenset(date.fromisoformat(entry["value"]) for entry in _READ["birth_dates"])
EARLIEST = date.fromisoformat(_READ["earliest"])  # nobody now living was born before it


def placeholder(born: date | None) -> bool:
    """Whether ``born`` cannot identify anybody: missing, a known filler, or before anyone alive was born."""
    return born is None or born in FILLERS or born < EARLIEST


def usable(born: date | None) -> date | None:
    """``born`` unless it is a placeholder."""
    return None if placeholder(born) else born
