"""English short forms of given names, by the name they come from (``short_forms.csv``, one line a name).

A short form may belong to several (``alex``): two names agree when they have an origin in common. Compiled from common
British usage; normalised keys (lower case, no accents or punctuation).
"""

import csv
from functools import cache
from pathlib import Path


@cache
def _by_name() -> dict[str, frozenset[str]]:
    origins: dict[str, set[str]] = {}
    with Path(__file__).with_name("short_forms.csv").open(encoding="utf-8", newline="") as lines:
        for line in csv.DictReader(lines):
            for form in (line["name"], *line["short_forms"].split()):
                origins.setdefault(form, set()).add(line["name"])
    return {form: frozenset(names) for form, names in origins.items()}


def origins(given_key: str) -> frozenset[str]:
    """The full names ``given_key`` may be short for, itself included; empty for an empty key."""
    return _by_name().get(given_key, frozenset()) | {given_key} if given_key else frozenset()
