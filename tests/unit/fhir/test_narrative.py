"""The narrative's XHTML: https://hl7.org/fhir/R4/narrative.html"""

from typing import Any

import pytest

from commonweal.fhir.narrative import has_content, is_harmless

NS = 'xmlns="http://www.w3.org/1999/xhtml"'


@pytest.mark.parametrize(
    ("div", "harmless", "content"),
    [
        (f"<div {NS}><p>Well</p></div>", True, True),
        ("<div>Well&nbsp;and &eacute;lan &amp; more</div>", True, True),
        (f"<div {NS}> <p> </p></div>", True, False),
        (f'<div {NS}><img src="#a" alt="x"/></div>', True, True),
        (f"<div {NS}><script>alert(1)</script></div>", False, True),
        (f'<div {NS}><p onclick="x()">a</p></div>', False, True),
        (f"<div {NS}><iframe/></div>", False, False),
        ("<p>not a div</p>", False, True),
        ("<div>cut", False, True),
        ('<!DOCTYPE x [<!ENTITY a "aa">]><div>&a;</div>', False, True),
        (["<div>a</div>"], False, True),
        (None, False, True),
    ],
)
def test_a_narrative(div: Any, harmless: bool, content: bool) -> None:
    assert (is_harmless(div), has_content(div)) == (harmless, content)
