"""Writes of the reporting app that make a file: a pack in one of its forms."""

from collections.abc import Callable, Mapping
from pathlib import Path

from commonweal.apps.reporting.pack.html import html
from commonweal.apps.reporting.pack.model import DRAFT, Pack, Standing
from commonweal.apps.reporting.pack.pdf import pdf
from commonweal.apps.reporting.pack.workbook import xlsx

FORMS: Mapping[str, Callable[[Pack, Standing], bytes]] = {"html": html, "pdf": pdf, "xlsx": xlsx}
MEDIA = {
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def rendered(pack: Pack, form: str, standing: Standing = DRAFT) -> bytes:
    """The pack in one form: ``html``, ``pdf`` or ``xlsx``. Raises ``KeyError`` for another."""
    return FORMS[form](pack, standing)


def write_pack(pack: Pack, form: str, out: Path, standing: Standing = DRAFT) -> int:
    """Write the pack to ``out``, complete or not at all. Returns its size in bytes."""
    document = rendered(pack, form, standing)
    part = out.with_name(f".{out.name}.part")
    part.write_bytes(document)
    part.replace(out)
    return len(document)
