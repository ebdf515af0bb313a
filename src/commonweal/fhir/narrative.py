"""The narrative's XHTML: https://hl7.org/fhir/R4/narrative.html#Narrative (invariants txt-1 and txt-2)."""

import html
import re
from typing import Any
from xml.etree import ElementTree  # entities are replaced and DOCTYPE refused before it reads

_LONGEST = 1_048_576
_NAMED = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)([A-Za-z][A-Za-z0-9]*;)")
_NAMESPACE = "{http://www.w3.org/1999/xhtml}"
# Chapters 7 to 11 (but section 4 of 9) and 15 of HTML 4.0, a, and img.
_ALLOWED = frozenset(
    (
        *("a", "abbr", "acronym", "b", "big", "blockquote", "br", "caption", "cite", "code", "col", "colgroup", "dd"),
        *("dfn", "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "kbd", "li", "ol"),
        *("p", "pre", "q", "samp", "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th"),
        *("thead", "tr", "tt", "ul", "var"),
    )
)


def is_narrative(value: Any) -> bool:
    """Whether ``value`` is one well-formed XHTML ``div`` with content and nothing that could act."""
    if not isinstance(value, str) or len(value) > _LONGEST or "<!DOCTYPE" in value.upper() or "<!ENTITY" in value:
        return False
    text = _NAMED.sub(lambda match: html.unescape(match[0]), value)
    try:
        root = ElementTree.fromstring(text)  # noqa: S314  # no DOCTYPE, so no entities of its own: refused above
    except (ElementTree.ParseError, ValueError):
        return False
    if root.tag.removeprefix(_NAMESPACE) != "div":
        return False
    full = False
    for element in root.iter():
        if not isinstance(element.tag, str):
            continue
        if element.tag.removeprefix(_NAMESPACE) not in _ALLOWED:
            return False
        if any(name.lower().startswith("on") for name in element.attrib):
            return False
        full = full or bool((element.text or "").strip() or (element.tail or "").strip()) or element.tag.endswith("img")
    return full
