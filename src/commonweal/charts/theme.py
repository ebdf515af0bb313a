"""How every chart looks: NHS identity colours that keep 3:1 contrast on white, local fonts, nothing fetched."""

from typing import Any

BLUE = "#005eb8"
DARK_BLUE = "#003087"
BLACK = "#212b32"
GREY = "#4c6272"
PALE_GREY = "#d8dde0"
LIGHT_BLUE = "#0072ce"
FONT = "Arial, Helvetica, sans-serif"

CONFIG: dict[str, Any] = {
    "background": None,
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": BLACK,
        "labelFontSize": 14,
        "labelLimit": 260,
        "titleColor": BLACK,
        "titleFontSize": 14,
        "titleFontWeight": "normal",
        "titlePadding": 10,
        "gridColor": PALE_GREY,
        "domainColor": GREY,
        "tickColor": GREY,
    },
    "legend": {
        "labelFontSize": 14,
        "labelColor": BLACK,
        "titleFontSize": 14,
        "titleFontWeight": "normal",
        "orient": "top",
    },
    "text": {"fontSize": 14, "color": BLACK, "font": FONT},
}
