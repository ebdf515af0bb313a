"""The narrative's XHTML: https://hl7.org/fhir/R4/narrative.html#Narrative (invariants txt-1 and txt-2)."""

import html
import re
from functools import lru_cache
from typing import Any
from xml.etree import ElementTree  # entities are replaced and DOCTYPE refused before it reads

_LONGEST = 5 * 1024 * 1024  # characters; no longer than a resource may be
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
    """Whether ``value`` is one well-formed XHTML ``div`` with nothing in it that could act, and with content."""
    return is_harmless(value) and has_content(value)


def is_harmless(value: Any) -> bool:
    """txt-1: one well-formed ``div`` of the allowed elements, without scripts."""
    root = _read(value)
    if root is None or root.tag.removeprefix(_NAMESPACE) != "div":
        return False
    for element in root.iter():
        if not isinstance(element.tag, str):
            continue
        if element.tag.removeprefix(_NAMESPACE) not in _ALLOWED:
            return False
        if any(name.lower().startswith("on") for name in element.attrib):
            return False
    return True


def has_content(value: Any) -> bool:
    """txt-2: text or an image; what cannot be read is txt-1's to report."""
    root = _read(value)
    if root is None:
        return True
    return bool("".join(root.itertext()).strip()) or any(str(one.tag).endswith("img") for one in root.iter())


def _read(value: Any) -> ElementTree.Element | None:
    return _parsed(value) if isinstance(value, str) and len(value) <= _LONGEST else None


@lru_cache(maxsize=2)  # both rules look at the same text
def _parsed(value: str) -> ElementTree.Element | None:
    if "<!DOCTYPE" in value.upper() or "<!ENTITY" in value:
        return None
    text = _NAMED.sub(lambda match: html.unescape(match[0]), value)
    try:
        return ElementTree.fromstring(text)  # noqa: S314  # no DOCTYPE, so no entities of its own: refused above
    except (ElementTree.ParseError, ValueError):
        return None
