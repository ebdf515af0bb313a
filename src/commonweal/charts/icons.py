"""Our own drawings of the variation and assurance icons, each with a text alternative.

They say the same as NHS England's and copy none: the colour carries the verdict, the arrow and the letter say it again.
"""

from xml.sax.saxutils import escape

from commonweal.charts import theme

BLUE, ORANGE, PURPLE, GREY = theme.BLUE, "#b84700", "#7c2855", theme.GREY
_UP = "M20 44 L32 22 L44 44 Z"
_DOWN = "M20 24 L32 46 L44 24 Z"
_STEADY = "M14 36 L24 28 L32 38 L40 28 L50 36"

VARIATION: dict[str, tuple[str, str, str, str]] = {  # colour, ring dash, path, letter
    "improvement_high": (BLUE, "", _UP, "H"),
    "improvement_low": (BLUE, "", _DOWN, "L"),
    "concern_high": (ORANGE, "6 3", _UP, "H"),
    "concern_low": (ORANGE, "6 3", _DOWN, "L"),
    "neither_high": (PURPLE, "2 3", _UP, "H"),
    "neither_low": (PURPLE, "2 3", _DOWN, "L"),
    "common_cause": (GREY, "", _STEADY, ""),
    "not_enough_points": (GREY, "2 5", "", "?"),
}
ASSURANCE: dict[str, tuple[str, str, str, str]] = {
    "consistently_passing": (BLUE, "", "M16 42 H48", "P"),
    "hit_and_miss": (GREY, "", "M16 34 H48", "?"),
    "consistently_failing": (ORANGE, "6 3", "M16 22 H48", "F"),
    "none": (GREY, "2 5", "", "–"),
}


def icon(kind: str, alternative: str) -> str:
    """An SVG of 64 × 64 for a variation or assurance; ``alternative`` is read in its place.

    Raises ``KeyError`` for a kind there is none for.
    """
    colour, dash, path, letter = (VARIATION | ASSURANCE)[kind]
    filled = path.endswith("Z")
    low = kind in {"consistently_passing"}
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" class="cw-icon" width="64" height="64" viewBox="0 0 64 64" '
        f'role="img" aria-label="{escape(alternative, {chr(34): "&quot;"})}">',
        f'<circle cx="32" cy="32" r="29" fill="#ffffff" stroke="{colour}" stroke-width="5"'
        + (f' stroke-dasharray="{dash}"' if dash else "")
        + "/>",
    ]
    if path:
        paint = f'fill="{colour}"' if filled else f'fill="none" stroke="{colour}" stroke-width="4"'
        parts.append(f'<path d="{path}" {paint}/>')
    if letter:
        # Beside the arrow or on the far side of the target line, where nothing crosses it.
        at = (32, 39 if not path else 34 if low else 50) if not filled else (32, 58 if path == _UP else 21)
        size = 14 if filled else 22
        fill = colour
        parts.append(
            f'<text x="{at[0]}" y="{at[1]}" text-anchor="middle" font-family="{theme.FONT}" font-size="{size}" '
            f'font-weight="bold" fill="{fill}">{letter}</text>'
        )
    return "".join(parts) + "</svg>"
