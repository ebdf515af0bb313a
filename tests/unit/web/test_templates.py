"""Nothing stored can become markup: every template escapes, and the few exceptions are ours and known."""

import re
from pathlib import Path

import pytest
from jinja2 import DictLoader

from commonweal.web.jinja import environment

SOURCE = Path(__file__).resolve().parents[3] / "src" / "commonweal"
TEMPLATES = sorted([*SOURCE.glob("**/templates/**/*.jinja"), *SOURCE.glob("**/templates/**/*.html")])
# Drawings are made here from escaped text (tests/unit/charts), and the report's styles are our own files.
OURS = {
    "svg|safe",
    "chart.svg|safe",
    "drawing.svg|safe",
    "kind.chart.svg|safe",
    "shown.chart.svg|safe",
    "shown.funnel.svg|safe",
    "css|safe",
} | {f"{of}.{which}_icon|safe" for of in ("shown", "row") for which in ("variation", "assurance")}


@pytest.mark.parametrize("name", ["page.jinja", "page.html", "part.txt"])
def test_values_are_escaped_whatever_a_template_is_called(name: str) -> None:
    made = environment(loader=DictLoader({name: "<p title='{{ said }}'>{{ said }}</p>"}))
    assert made.get_template(name).render(said="<script>'\"") == (
        "<p title='&lt;script&gt;&#39;&#34;'>&lt;script&gt;&#39;&#34;</p>"
    )


def test_no_template_lets_a_value_through_unescaped_but_our_own_drawings_and_styles() -> None:
    assert len(TEMPLATES) > 15
    found = set()
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        assert "autoescape" not in text, path
        found |= {re.sub(r"\s", "", hit) for hit in re.findall(r"[\w.]+\s*\|\s*safe\b", text)}
    assert found == OURS


def test_no_link_or_attribute_without_quotes_takes_a_value() -> None:
    """Escaping does not help a value that stands in an attribute without quotes."""
    bare = re.compile(r"<[^<>]*\s[\w-]+=\{\{")
    assert [path.name for path in TEMPLATES if bare.search(path.read_text(encoding="utf-8"))] == []


def test_no_code_marks_a_value_as_markup() -> None:
    marks = re.compile(r"\b(mark_safe|Markup|format_html|SafeString)\b")
    assert [p.name for p in SOURCE.glob("**/*.py") if marks.search(p.read_text("utf-8"))] == []
