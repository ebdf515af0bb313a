"""A released copy as a tagged PDF (PDF/UA-1): https://typst.app/docs/reference/pdf/ . Words reach Typst as JSON.

In the font of the packs, without serifs, wherever it is made.
"""

import json
from dataclasses import asdict
from datetime import UTC, date, datetime, time
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.utils.timezone import localtime

from commonweal.apps.citizen.copy_document import CopyDocument
from commonweal.apps.reporting import api as reporting

_TEMPLATE = Path(__file__).with_name("copy.typ")


def pdf(document: CopyDocument, synthetic: bool) -> bytes:
    """The document. The same copy makes the same bytes."""
    import typst

    compiler = typst.Compiler(
        _TEMPLATE.read_bytes(),
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"copy": json.dumps(_data(document) | {"synthetic": synthetic}, ensure_ascii=False)},
    )
    made_on = datetime.combine(document.released_on or document.asked_on, time(), UTC)
    made: Any = compiler.compile(format="pdf", pdf_standards=["ua-1"], timestamp=made_on)
    return bytes(made)


@lru_cache(maxsize=1)
def _fonts() -> Any:
    import typst

    return typst.Fonts(include_system_fonts=False, font_paths=[str(reporting.FONTS)])


def _data(document: CopyDocument) -> dict[str, Any]:
    said = asdict(document)
    said |= {name: _day(said[name]) for name in ("born", "asked_on", "released_on")}
    for section in said["sections"]:
        for entry in section["entries"]:
            del entry["on"]
    said["looks"] = [
        {
            "when": _moment(one.at),
            "who": ", ".join(filter(None, (one.who, one.organisation))),
            "what": one.what,
            "why": one.why,
        }
        for one in document.looks
    ]
    said["told"] = [[what, _moment(at), place] for what, at, place in document.told]
    return said


def _day(value: date | None) -> str:
    return f"{value.day} {value:%B %Y}" if value else "not recorded"


def _moment(value: datetime) -> str:
    """As the page has it: by the clocks of the United Kingdom."""
    local = localtime(value)
    return f"{_day(local)}, {local:%H:%M}"
