"""A pack as a tagged PDF of the PDF/UA-1 standard, set by Typst with fonts of our own and nothing of the machine's.

PDF/UA-1 is ISO 14289-1; Typst checks its rules as it writes and refuses a document that breaks one, such as a drawing
without a text alternative: https://typst.app/docs/reference/pdf/ . Figures and words reach Typst as JSON and are set
as text, so that nothing in a table can be markup.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from commonweal.apps.reporting.model import Table
from commonweal.apps.reporting.pack.model import DRAFT, Block, Bullets, Headlines, Icons, Pack, Para, Sources, Standing
from commonweal.apps.reporting.pack.model import Terms as TermList
from commonweal.charts import theme
from commonweal.charts.drawings import Chart

_TEMPLATE = Path(__file__).with_name("board.typ")
_FONTS = Path(__file__).parents[1] / "fonts"
_FONT = "Arimo"  # as wide as Arial, which charts are drawn in; SIL Open Font Licence
_LINE = 118  # characters of 8 points across a page
_LONGEST_LINE = 90  # characters: a longer text gets no wider column for it
_LONG = 8  # sections from which a pack has a list of contents
_NEW_PAGE = frozenset(
    {
        "headlines",
        "exceptions",
        "delivery",
        "signals",
        "quality",
        "inequality",
        "area-workforce",
        "data-quality",
        "definitions",
        "sources",
    }
)


def pdf(pack: Pack, standing: Standing = DRAFT) -> bytes:
    """The document. The same pack makes the same bytes."""
    compiler = _compiler(_data(pack, standing))
    made = compiler.compile(format="pdf", pdf_standards=["ua-1"], timestamp=_made_on(pack))
    return bytes(made)


def _compiler(data: dict[str, Any]) -> Any:
    import typst

    return typst.Compiler(
        _TEMPLATE.read_bytes(),
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"pack": json.dumps(data, ensure_ascii=False)},
    )


@lru_cache(maxsize=1)
def _fonts() -> Any:
    import typst

    return typst.Fonts(include_system_fonts=False, font_paths=[str(_FONTS)])


def _made_on(pack: Pack) -> datetime:
    return datetime.strptime(pack.made_on, "%d %B %Y").replace(tzinfo=UTC)


def _data(pack: Pack, standing: Standing) -> dict[str, Any]:
    long = sum(one.level == 2 for one in pack.sections) > _LONG
    sections: list[dict[str, Any]] = []
    for section in pack.sections:
        sections.append(
            {
                "slug": section.slug,
                "title": section.title,
                "level": section.level,
                "new_page": long and section.slug in _NEW_PAGE,
                "whole": section.slug.startswith("spc-"),
                "blocks": [_block(block) for block in section.blocks],
            }
        )
    mark = f"Version {standing.number}, {standing.state}, {standing.code[:12]}" if standing.number else "Draft"
    return {
        "title": pack.title,
        "audience": pack.audience,
        "audience_name": pack.audience_name,
        "month": pack.month,
        "period": pack.period,
        "made_on": pack.made_on,
        "synthetic": pack.synthetic,
        "standing": standing.sentence,
        "mark": mark,
        "figures": len(pack.figures),
        "long": long,
        "sourced": any(isinstance(block, Sources) for one in pack.sections for block in one.blocks),
        "sections": sections,
    }


def _block(block: Block) -> dict[str, Any]:
    kind = type(block).__name__
    if isinstance(block, Chart):
        svg = block.svg.replace(theme.FONT, _FONT)
        return {"kind": kind, "title": block.title, "description": block.description, "svg": svg}
    if isinstance(block, Table):
        return {"kind": kind} | _table(block)
    if isinstance(block, Para):
        return {"kind": kind, "text": block.text, "tone": block.tone, "sources": block.sources}
    if isinstance(block, Headlines):
        items: list[Any] = [
            {"figure": one.figure, "text": one.text, "tone": one.tone, "rule": one.rule} for one in block.items
        ]
        return {"kind": kind, "items": items}
    if isinstance(block, Icons):
        return {"kind": kind, "items": [[svg.replace(theme.FONT, _FONT), words] for svg, words in block.items]}
    if isinstance(block, Sources):
        items = [{"number": one.number, "text": one.text, "as_at": one.as_at} for one in block.items]
        return {"kind": kind, "items": items}
    if isinstance(block, Bullets | TermList):
        return {"kind": kind, "items": block.items}
    raise TypeError(f"no PDF of a {kind}")


def _table(table: Table) -> dict[str, Any]:
    places = [place for place in range(len(table.columns)) if place not in table.only_workbook]
    columns = [table.columns[place] for place in places]
    rows: list[dict[str, Any]] = [
        {
            "cells": [{"text": row[place].text, "note": row[place].note, "tone": row[place].tone} for place in places],
            "sources": sorted({number for cell in row for number in cell.sources}),
        }
        for row in table.rows
    ]
    texts = [[column, *(row["cells"][at]["text"] for row in rows)] for at, column in enumerate(columns)]
    for at, column in enumerate(texts):
        column += [row["cells"][at]["note"] for row in rows]
    if table.sourced:
        columns.append("Sources")
        texts.append(["Sources", *(", ".join(map(str, row["sources"])) for row in rows)])
    widths = _widths(texts)
    return {
        "caption": table.caption,
        "columns": columns,
        "widths": widths,
        "numeric": [places.index(one) for one in table.numeric if one in places],
        "sourced": table.sourced,
        "rows": rows,
    }


def _widths(columns: Sequence[Sequence[str]]) -> list[float]:
    """The share of a line for each column, in characters of it: the longest word whole, the rest as texts are long.

    ``columns`` holds each column's heading, then its texts.
    """
    least = [max(len(word) for text in texts for word in [*text.split(), ""]) + 2 for texts in columns]
    wanted = [min(max(map(len, texts[1:]), default=0), _LONGEST_LINE) + 2 for texts in columns]
    wanted = [max(one, few) for one, few in zip(wanted, least, strict=True)]
    spare = _LINE - sum(least)
    more = [one - few for one, few in zip(wanted, least, strict=True)]
    if spare <= 0 or not any(more):
        return [float(one) for one in least]
    return [few + spare * part / sum(more) for few, part in zip(least, more, strict=True)]
