"""Files and senders before anything is touched: which files are meant, whose they are, whose numbering they use."""

import re
from collections.abc import Sequence
from pathlib import Path

from commonweal.apps.exchange import mappings
from commonweal.apps.exchange.errors import MissingFile, NumberedApart, UnknownSource
from commonweal.apps.exchange.models import Receipt
from commonweal.apps.exchange.reading import check_feed

ODS_CODE = re.compile("[A-Z0-9]{3,12}")


def expand(paths: Sequence[Path | str]) -> list[Path]:
    """Files named, and the files of folders named, by name. Raises ``MissingFile``."""
    found: list[Path] = []
    for path in map(Path, paths):
        if path.is_dir():
            inside = sorted(item for item in path.iterdir() if item.is_file() and not item.name.startswith("."))
            if not inside:
                raise MissingFile(f"{path} holds no files; name the folder of one feed")
            found += inside
        elif path.is_file():
            found.append(path)
        else:
            raise MissingFile(f"{path} is not there; check the path")
    return found


def by_source(feed: str, paths: Sequence[Path | str], source: str = "") -> dict[str, list[Path]]:
    """Files by the ODS code of their sender: ``source`` for all, else each file's name without its ending.

    Raises:
        UnknownFeed, MissingFile, UnknownSource: a name that no ODS code could be.
    """
    check_feed(feed)
    found: dict[str, list[Path]] = {}
    for path in expand(paths):
        ods = source or path.stem
        if not ODS_CODE.fullmatch(ods):
            raise UnknownSource(f"{path.name} is not named after an organisation; say whose it is with --source ODS")
        found.setdefault(ods, []).append(path)
    return found


def check_numbering(feed: str, source: str, same_numbering: bool) -> None:
    """Refuse a source's second feed until somebody says that both number people alike.

    Two systems of one trust may each have a person 123; in one compartment they would be one person. What goes through
    the pseudonymising door makes no compartments, so it numbers nobody.
    """
    if mappings.for_analysis(feed):
        return
    sent = Receipt.objects.filter(source=source).values_list("feed", flat=True).distinct()
    known = {one for one in sent if not mappings.for_analysis(one)}
    if known and feed not in known and not same_numbering:
        raise NumberedApart(
            f"{source} already sends {', '.join(sorted(known))}, and {feed} may number other people the same way; "
            "ask the source, then land with --same-numbering if one number is one person in both, "
            "or under a site code of its own"
        )
