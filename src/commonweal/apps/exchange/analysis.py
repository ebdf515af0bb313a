"""Landing a commissioning file: through the pseudonymising door into the analysis zone, and nowhere else.

Rows of people to whom the National Data Opt-out applies are read and left out, and the audit says how many.
No resource, no compartment and no search row comes of it: the care record is never written here. The file is kept and
its bad rows are quarantined as of any feed. The whole file is one piece of work: its Parquet file is replaced by name
before the receipt is marked, so that a landing killed anywhere is done again and ends the same.
"""

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from commonweal.apps.access import api as access
from commonweal.apps.exchange import mappings
from commonweal.apps.exchange.floor import opened
from commonweal.apps.exchange.models import Receipt
from commonweal.apps.identity import api as identity
from commonweal.apps.places import api as places
from commonweal.domain.identity import nhs_number
from commonweal.feeds.mapped.door import Through, passing
from commonweal.feeds.mapped.language import Mapping
from commonweal.feeds.mapped.reading import Plan
from commonweal.feeds.types import Problem
from commonweal.fhir.normalise import postcode
from commonweal.lake import commissioning
from commonweal.lake.pseudonym import pseudonyms


def lake_folder() -> Path:
    """The lake of this installation."""
    return Path(settings.COMMONWEAL_HOME) / "lake"


def pass_through(receipt: Receipt, plan: Plan) -> tuple[set[int], list[Problem]]:
    """Write a file's rows to the analysis zone: the lines that passed, and what is wrong with the others."""
    lines: set[int] = set()
    problems: list[Problem] = []
    kept_out = 0

    def rows() -> Iterator[tuple[str, ...]]:
        nonlocal kept_out
        with opened(receipt) as stream:
            for item in passing(stream, plan, hidden, area):
                if isinstance(item, Through):
                    lines.add(item.line)
                    if left_out:
                        kept_out += 1
                    else:
                        yield item.values
                else:
                    problems.append(item)
                left_out.clear()

    opted_out = identity.opted_out_digests(access.Purpose.SERVICE_PLANNING)
    left_out: list[bool] = []

    def hidden(name: str, identifier: str) -> str:
        """The pseudonym; noting when it is of somebody whose row must be left out."""
        if name == "person" and opted_out and access.digest_of(nhs_number.compact(identifier)) in opted_out:
            left_out.append(True)
        return _pseudonym(name, identifier)

    areas = {postcode(code): lsoa for code, lsoa in places.postcode_table()}

    def area(code: str) -> str:
        return areas.get(postcode(code), "")

    where = commissioning.place(lake_folder(), receipt.feed, receipt.pk)
    commissioning.write(where, columns(plan.mapping), rows(), receipt.pk)
    if kept_out:
        access.audit_use("opt_out.applied", f"receipt {receipt.pk}: {kept_out} rows left out", "service:land")
    return lines, problems


def lines_of(receipt: Receipt, stream: BinaryIO, numbers: Collection[str]) -> Iterator[tuple[int, bool | None]]:
    """(line, whether it is of somebody with one of these usable NHS numbers) of each row of a file, in order.

    A refused row is of theirs if a number stands in it, however it is written; None where none stands in what the
    reader gives of the row, which may be its beginning.
    """
    theirs: list[bool] = []

    def noting(name: str, identifier: str) -> str:
        if name == "person" and nhs_number.compact(identifier) in numbers:
            theirs.append(True)
        return ""

    for item in passing(stream, mappings.of_receipt(receipt).plan, noting, lambda postcode: ""):
        if isinstance(item, Problem):
            plain = re.sub(rb"(?<=\d)[ -](?=\d)", b"", item.raw)
            yield item.line, any(number.encode() in plain for number in numbers) or None
        else:
            yield item.line, bool(theirs)
        theirs.clear()


def columns(mapping: Mapping) -> list[tuple[str, str]]:
    """The columns of a commissioning feed in the analysis zone with their kinds."""
    changed = {"pseudonym": "pseudonym", "age": "integer", "month": "date", "area": "text"}
    kinds = {"time": "text"}
    return [
        (
            one.name,
            changed.get(one.door) or kinds.get(mapping.columns[one.column].kind, mapping.columns[one.column].kind),
        )
        for one in mapping.analysis
    ]


def _pseudonym(name: str, identifier: str) -> str:
    """A keyed pseudonym as text. A person's is of the NHS number, the same in every file; none of a wrong one."""
    if name == "person":
        if not nhs_number.usable(identifier):
            return ""
        identifier = nhs_number.compact(identifier)
    key: str = settings.COMMONWEAL_PSEUDONYM_KEY
    return str(pseudonyms(key, f"commissioning.{name}", [identifier])[identifier])
