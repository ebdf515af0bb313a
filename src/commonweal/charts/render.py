"""From a Vega-Lite specification to an SVG that names and describes itself to assistive technology."""

import re
from typing import Any
from xml.sax.saxutils import escape

VEGA_LITE = "6.4"  # the version Altair writes; a test holds the two together
_ID = re.compile(r'\bid="([^"]+)"')


def svg(spec: dict[str, Any], *, name: str, title: str, description: str) -> str:
    """Render a Vega-Lite ``spec`` as SVG text, the same bytes for the same arguments.

    ``name`` (letters, digits, hyphens) prefixes every id, so that several charts can share a page. The SVG
    carries ``title`` and ``description`` as its accessible name and description; it refers to nothing outside.
    """
    import vl_convert

    drawn: str = vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE, allowed_base_urls=[])
    drawn = drawn[drawn.index("<svg") :]
    for found in dict.fromkeys(_ID.findall(drawn)):
        own = f"{name}-{found}"
        drawn = drawn.replace(f'id="{found}"', f'id="{own}"').replace(f"url(#{found})", f"url(#{own})")
        drawn = drawn.replace(f'href="#{found}"', f'href="#{own}"')
    head, body = drawn.split(">", 1)
    # The drawing's own roles describe marks one by one; the title, description and table say it better.
    body = re.sub(r' (?:role|aria-[a-z]+)="[^"]*"', "", body)
    head = re.sub(r' class="[^"]*"', "", head)
    return (
        f'{head} class="chart" role="img" aria-labelledby="{name}-title {name}-desc">'
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-desc">{escape(description)}</desc>{body}'
    )
