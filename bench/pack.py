"""The pack: 60 pages with 80 charts, per chart against vl-convert alone, in the same run.

Ours is everything: sections, charts with their text alternatives, a table of the newest year of half of them, and a
tagged PDF of the PDF/UA-1 standard. The limit is vl-convert drawing the same 80 specifications as SVG and nothing else.
Every round draws series nobody has drawn, so that neither side profits from a memory the other has not; both are
processor time of every thread, which a busy machine does not stretch.
"""

import io
import os
import time
from datetime import date
from statistics import median
from typing import Any

import numpy as np

CHARTS, MONTHS, NEWEST, PAGES = 80, 36, 12, 60
ROUNDS = 5 if os.environ.get("COMMONWEAL_BENCH_LARGE") else 2
TARGET_SECONDS, TARGET_RATIO = 30.0, 2.5


def _made(specs: list[dict[str, Any]], seed: int, charts: int = CHARTS) -> Any:
    """A pack of control charts of made-up series. ``specs`` gathers what vl-convert is asked to draw."""
    import vl_convert

    from commonweal.apps.performance.api import chart_of
    from commonweal.apps.reporting.model import Cell, Table
    from commonweal.apps.reporting.pack.model import Bullets, Pack, Para, Section, Sources
    from commonweal.domain.measurement.figures import Direction
    from commonweal.domain.performance.assess import Question, assess
    from commonweal.domain.performance.series import Series

    numbers = np.random.default_rng(seed)
    days = tuple(date(2018 + month // 12, month % 12 + 1, 1) for month in range(MONTHS))
    series = [Series(f"Series {n + 1}", days, numbers.normal(90, 4, MONTHS).round(1)) for n in range(charts)]
    answer = assess(series, Question(direction=Direction.HIGHER))
    kept = vl_convert.vegalite_to_svg

    def gathered(spec: dict[str, Any], **more: Any) -> str:
        specs.append(spec)
        return str(kept(spec, **more))

    vl_convert.vegalite_to_svg = gathered
    try:
        sections = [Section("headlines", "Headlines", 2, (Para("Eighty made-up series."),))]
        for which in range(charts):
            name = f"Series {which + 1} of round {seed}"
            drawn = chart_of(answer, which, title=name, axis="Percent", name=f"chart-{seed}-{which}")
            said = tuple(one.sentence for one in answer.findings(which)[:4]) or ("No signal.",)
            newest = drawn.rows[-NEWEST:] if which % 2 else ()
            cells = tuple(tuple(Cell(text) for text in row) for row in newest)
            table = (Table(f"The newest year of {name}", drawn.columns, cells, (1, 2, 3, 4)),) if cells else ()
            sections.append(Section(f"spc-{which}", name, 3, (drawn, Bullets(said), *table)))
        sections.append(Section("sources", "Sources", 2, (Sources(()),)))
    finally:
        vl_convert.vegalite_to_svg = kept
    return Pack(
        "2020-12",
        "December 2020",
        "A pack of 80 charts",
        "board",
        "Board",
        "31 December 2020",
        True,
        tuple(sections),
        (),
        (),
        0,
    )


def run() -> list[dict[str, object]]:
    """Two rows: milliseconds a chart of both sides, and seconds of the whole pack against the most it may take.

    Raises ``RuntimeError`` if the pack is not the one asked for.
    """
    os.environ.setdefault("COMMONWEAL_DB_ROLE", "none")  # no figure is read: the series are made here
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "commonweal.config.settings")
    import django

    django.setup()
    import vl_convert
    from pypdf import PdfReader

    from commonweal.apps.reporting.pack.pdf import pdf
    from commonweal.charts.render import VEGA_LITE

    _made([], 1000, 2)  # libraries load once
    ours, alone, pages = [], [], 0
    for seed in range(ROUNDS):
        specs: list[dict[str, Any]] = []
        began = time.process_time()
        pack = _made(specs, seed)
        document = pdf(pack)
        ours.append(time.process_time() - began)
        pages = len(PdfReader(io.BytesIO(document)).pages)
        if len(specs) != CHARTS or pages < PAGES:
            raise RuntimeError(f"{len(specs)} charts on {pages} pages is not the pack asked for")
        began = time.process_time()
        for spec in specs:
            vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE, allowed_base_urls=[])
        alone.append(time.process_time() - began)
    ratio = median(mine / bare for mine, bare in zip(ours, alone, strict=True))
    whole = median(ours)
    return [
        {
            "name": f"pack: {CHARTS} charts on {pages} pages, milliseconds a chart (at most {TARGET_RATIO})",
            "ours": whole / CHARTS * 1000,
            "limit": median(alone) / CHARTS * 1000,
            "ratio": ratio,
        },
        {
            "name": f"pack: the whole, seconds (at most {TARGET_SECONDS:.0f})",
            "ours": whole,
            "limit": TARGET_SECONDS,
            "ratio": whole / TARGET_SECONDS,
        },
    ]


if __name__ == "__main__":
    print(run())
