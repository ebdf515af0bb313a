"""A pack as one HTML document that needs nothing else: no script, no font, no request."""

from pathlib import Path

from django.template.loader import get_template

from commonweal.apps.reporting.pack.model import DRAFT, Pack, Standing

_STYLES = Path(__file__).parents[1] / "static" / "reporting"


def html(pack: Pack, standing: Standing = DRAFT) -> bytes:
    """The document as UTF-8."""
    css = "\n".join((_STYLES / name).read_text(encoding="utf-8") for name in ("file.css", "board.css"))
    page = {"pack": pack, "standing": standing, "css": css}
    return str(get_template("reporting/board_file.jinja").render(page)).encode()
