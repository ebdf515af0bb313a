"""Writes of the reporting app: a report becomes a file."""

from pathlib import Path

from django.template.loader import get_template

from commonweal.apps.reporting.model import BoardReport

_STYLES = Path(__file__).with_name("static") / "reporting"


def render_board(report: BoardReport) -> str:
    """The report as one HTML document that needs nothing else: no script, no font, no request."""
    css = "\n".join((_STYLES / name).read_text(encoding="utf-8") for name in ("file.css", "board.css"))
    return str(get_template("reporting/board_file.jinja").render({"report": report, "css": css}))


def write_board(report: BoardReport, out: Path) -> int:
    """Write the report to ``out``, complete or not at all. Returns its size in bytes."""
    document = render_board(report).encode()
    part = out.with_name(f".{out.name}.part")
    part.write_bytes(document)
    part.replace(out)
    return len(document)
