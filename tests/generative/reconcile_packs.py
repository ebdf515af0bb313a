"""Made-up packs of tables that agree, rounded or exact, and one planted error of each kind."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

PLACES = [
    "Ashby",
    "Barrow",
    "Calder",
    "Denby",
    "Elland",
    "Frome",
    "Garth",
    "Hexham",
    "Irlam",
    "Jarrow",
    "Kendal",
    "Luton",
]
MONTHS = ["Apr-20", "May-20", "Jun-20", "Jul-20", "Aug-20", "Sep-20", "Oct-20", "Nov-20"]


@dataclass
class Made:
    """A table: rows of text, and the planters that can spoil it, by kind."""

    rows: list[list[str]]
    planters: dict[str, Callable[[random.Random], int]] = field(default_factory=dict)


def fmt(value: Decimal, style: str, places: int) -> str:
    """A figure as one of the ways papers print it."""
    rounded = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    if style == "plain":
        return f"{rounded:f}"
    if style == "comma":
        return f"{rounded:,f}"
    if style == "bracket":
        return f"({-rounded:,f})" if rounded < 0 else f"{rounded:,f}"
    if style == "pound":
        return f"-£{-rounded:,f}" if rounded < 0 else f"£{rounded:,f}"
    return f"{rounded:,f}"


def half_up(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def off(dice: random.Random, text: str, at_least: Decimal) -> str:
    """A printed figure moved further than rounding can."""
    bare = text.replace(",", "").replace("£", "").replace("%", "")
    negative = bare.startswith("(")
    bare = bare.strip("()")
    value = -Decimal(bare) if negative else Decimal(bare)
    places = len(bare.partition(".")[2])
    moved = value + (at_least + Decimal(dice.randint(1, 9)).scaleb(-places)) * dice.choice((1, 1, -1))
    sign = "%" if text.endswith("%") else ""
    out = f"{moved:.{places}f}{sign}"
    return out


def totals(dice: random.Random) -> Made:
    """Rows by columns with a total row, perhaps sub-totals, perhaps a total column; exact or rounded."""
    places = dice.choice([0, 0, 1])
    rounded = places == 1 or dice.random() < 0.3
    unit = (" £m" if places else " £000") if rounded else ""
    width, style = dice.randint(1, 4), dice.choice(["plain", "comma", "bracket"])
    if dice.random() < 0.5:
        heads = dice.sample(["Beds", "Visits", "Referrals", "Contacts"], width)
    else:
        heads = [f"Q{q + 1}" for q in range(width)]
    across = width > 1 and heads[0].startswith("Q")
    names = dice.sample(PLACES, dice.randint(3, 10))
    exact = [[Decimal(dice.randint(100, 99_999)) / (Decimal(7) if rounded else 1) for _ in heads] for _ in names]
    if not rounded:
        exact = [[half_up(v, 0) for v in row] for row in exact]

    def line(label: str, values: list[Decimal]) -> list[str]:
        extra = [sum(values, Decimal(0))] if across else []
        return [label, *(fmt(v, style, places) for v in [*values, *extra])]

    header = ["Area", *(f"{h}{unit}" for h in heads), *([f"Total{unit}"] if across else [])]
    rows = [header]
    marks: list[int] = []
    if dice.random() < 0.4 and len(names) >= 6:
        cut = len(names) // 2
        for first, last in ((0, cut), (cut, len(names))):
            rows += [line(name, exact[first + i]) for i, name in enumerate(names[first:last])]
            rows.append(
                line(
                    dice.choice(["Sub-total", "Subtotal"]),
                    [sum(c, Decimal(0)) for c in zip(*exact[first:last], strict=True)],
                )
            )
            marks.append(len(rows) - 1)
        rows.append(line("Grand total", [sum(c, Decimal(0)) for c in zip(*exact, strict=True)]))
    else:
        rows += [line(name, exact[i]) for i, name in enumerate(names)]
        rows.append(
            line(dice.choice(["Total", "TOTAL", "Totals"]), [sum(c, Decimal(0)) for c in zip(*exact, strict=True)])
        )
    marks.append(len(rows) - 1)
    slack = Decimal(len(names) + 2) if rounded else Decimal(2)
    step = Decimal(1).scaleb(-places)

    def wrong_total(dice: random.Random) -> int:
        r = dice.choice(marks)
        c = dice.randrange(1, len(header) - (1 if across else 0))
        rows[r][c] = off(dice, rows[r][c], slack * step)
        return r

    def wrong_part(dice: random.Random) -> int:
        r = dice.choice([i for i in range(1, len(rows)) if i not in marks])
        c = dice.randrange(1, len(header) - (1 if across else 0))
        rows[r][c] = off(dice, rows[r][c], 2 * slack * step)
        return next(mark for mark in marks if mark > r)

    def lost_row(dice: random.Random) -> int:
        r = dice.choice([i for i in range(1, len(rows)) if i not in marks])
        del rows[r]
        return next(mark for mark in marks if mark > r) - 1

    planters = {"total": wrong_total, "part": wrong_part, "lost row": lost_row}
    return Made(rows, planters)


def variances(dice: random.Random) -> Made:
    """Plan, actual, variance and variance percent, with totals."""
    places = dice.choice([0, 1, 2])
    style = dice.choice(["plain", "comma", "bracket"])
    plan_word, actual_word = dice.choice(
        [
            ("Plan", "Actual"),
            ("Budget", "Forecast outturn"),
            ("YTD plan", "YTD actual"),
            ("Previous", "Current"),
            ("2019/20", "2020/21"),
        ]
    )
    var_word = dice.choice(["Variance", "Var", "Difference", "Change"])
    percent_word = dice.choice([f"{var_word} %", f"% {var_word.lower()}"])
    turned = dice.random() < 0.3
    names = dice.sample(PLACES, dice.randint(4, 9))
    scale = 10**places
    figures = []
    for _ in names:
        plan = Decimal(dice.randint(500, 50_000)) / scale
        actual = plan + Decimal(dice.randint(-300, 300) or 7) / scale
        figures.append((plan, actual))
    figures.append((sum((p for p, _ in figures), Decimal(0)), sum((a for _, a in figures), Decimal(0))))
    rows = [["Service", plan_word, actual_word, var_word, percent_word]]
    for name, (plan, actual) in zip([*names, "Total"], figures, strict=True):
        change = plan - actual if turned else actual - plan
        share = change / plan * 100
        rows.append([name, *(fmt(v, style, places) for v in (plan, actual, change)), f"{half_up(share, 1)}%"])

    def wrong(c: int, least: Decimal) -> Callable[[random.Random], int]:
        def plant(dice: random.Random) -> int:
            r = dice.randrange(1, len(rows) - 1)
            rows[r][c] = off(dice, rows[r][c], least)
            return r

        return plant

    def sign(dice: random.Random) -> int:
        r = dice.randrange(1, len(rows) - 1)
        text = rows[r][3].replace("(", "").replace(")", "").replace("-", "")
        plan, actual = figures[r - 1]
        change = plan - actual if turned else actual - plan
        rows[r][3] = text if change < 0 else f"-{text}"
        return r

    step = Decimal(1).scaleb(-places)
    return Made(rows, {"variance": wrong(3, 3 * step), "variance percent": wrong(4, Decimal(5)), "sign": sign})


def percentages(dice: random.Random) -> Made:
    """Numerator, denominator and percentage under one of the usual headings."""
    heads = dice.choice(
        [
            ("n", "N", "%"),
            ("Vaccinated", "Population", "Uptake %"),
            ("Within 4 hours", "Attendances", "Performance"),
            ("Achieved", "Target", "% achieved"),
            ("Numerator", "Denominator", "Rate %"),
        ]
    )
    swap = dice.random() < 0.5
    places = dice.choice([0, 1])
    rows = [["Area", *((heads[1], heads[0]) if swap else heads[:2]), heads[2]]]
    top = bottom = 0
    for name in [*dice.sample(PLACES, dice.randint(4, 10)), "Total"]:
        base = dice.randint(200, 9000)
        part = dice.randint(20, base - 10)
        if name == "Total":
            base, part = bottom, top
        top, bottom = top + part, bottom + base
        pair = (f"{base:,}", f"{part:,}") if swap else (f"{part:,}", f"{base:,}")
        rows.append([name, *pair, f"{half_up(Decimal(part) / base * 100, places)}%"])

    def wrong(dice: random.Random) -> int:
        r = dice.randrange(1, len(rows))
        rows[r][3] = off(dice, rows[r][3], Decimal(2))
        return r

    return Made(rows, {"percentage": wrong})


def ranks(dice: random.Random) -> Made:
    names = dice.sample(PLACES, dice.randint(6, 12))
    scores = dice.sample(range(100, 999), len(names))
    order = sorted(scores, reverse=dice.random() < 0.5)
    rows = [
        ["System", "Score", "Rank"],
        *([n, str(s), str(order.index(s) + 1)] for n, s in zip(names, scores, strict=True)),
    ]

    def wrong(dice: random.Random) -> int:
        r = dice.randrange(1, len(rows))
        rows[r][2] = str((int(rows[r][2]) + len(names) // 2 - 1) % len(names) + 1)
        return r

    return Made(rows, {"rank": wrong})


def register(dice: random.Random) -> Made:
    """An action log: references in sequence, dates in order."""
    first = dice.randint(1, 80)
    rows = [["Ref", "Action", "Start date", "End date"]]
    for i in range(dice.randint(8, 14)):
        month = dice.randint(1, 11)
        rows.append(
            [
                f"A{first + i:03}",
                f"Do thing {PLACES[i % 12]}",
                f"2020-{month:02}-{dice.randint(1, 28):02}",
                f"2020-{month + 1:02}-{dice.randint(1, 28):02}",
            ]
        )

    def twice(dice: random.Random) -> int:
        r = dice.randrange(2, len(rows))
        rows[r][0] = rows[r - 1][0]
        return r

    def gap(dice: random.Random) -> int:
        r = dice.randrange(2, len(rows) - 1)
        del rows[r]
        return r

    def turned(dice: random.Random) -> int:
        r = dice.randrange(1, len(rows))
        rows[r][2], rows[r][3] = rows[r][3], rows[r][2]
        return r

    def no_day(dice: random.Random) -> int:
        r = dice.randrange(1, len(rows))
        rows[r][dice.choice([2, 3])] = dice.choice(["2020-02-30", "31/04/2020", "2020-13-05", "31 June 2020"])
        return r

    return Made(rows, {"id twice": twice, "gap": gap, "dates turned": turned, "no such day": no_day})


def months(dice: random.Random) -> Made:
    """A running total by month, and growth on the month before."""
    rows = [["Month", "Referrals", "Cumulative", "Growth on previous month %"]]
    total, before = 0, None
    for month in MONTHS:
        count = dice.randint(500, 3000)
        total += count
        growth = "" if before is None else f"{half_up((Decimal(count) / before - 1) * 100, 1)}%"
        rows.append([month, str(count), str(total), growth])
        before = count

    def wrong(dice: random.Random) -> int:
        r = dice.randrange(2, len(rows))
        rows[r][2] = off(dice, rows[r][2], Decimal(5))
        return r

    def growth_wrong(dice: random.Random) -> int:
        r = dice.randrange(2, len(rows))
        rows[r][3] = off(dice, rows[r][3], Decimal(5))
        return r

    def lost(dice: random.Random) -> int:
        r = dice.randrange(3, len(rows) - 2)
        del rows[r]
        return r

    return Made(rows, {"cumulative": wrong, "growth": growth_wrong, "month lost": lost})


def slips(dice: random.Random) -> Made:
    """Money in thousands, one figure in pounds."""
    rows = [["Fund", "Plan £000", "Actual £000"]]
    for name in dice.sample(PLACES, dice.randint(5, 9)):
        plan = dice.randint(300, 900)
        rows.append([name, f"{plan:,}", f"{plan + dice.randint(-90, 90):,}"])

    def wrong(dice: random.Random) -> int:
        r, c = dice.randrange(1, len(rows)), dice.choice([1, 2])
        rows[r][c] = f"{int(rows[r][c].replace(',', '')) * 1000:,}"
        return r

    return Made(rows, {"scale": wrong})


def averages(dice: random.Random) -> Made:
    rows = [["Ward", "Length of stay", "Waiting days"]]
    figures = [[Decimal(dice.randint(10, 300)) / 10 for _ in range(2)] for _ in range(dice.randint(4, 9))]
    rows += [[PLACES[i], *(str(v) for v in row)] for i, row in enumerate(figures)]
    rows.append(["Average", *(str(half_up(sum(c, Decimal(0)) / len(c), 1)) for c in zip(*figures, strict=True))])

    def wrong(dice: random.Random) -> int:
        r, c = len(rows) - 1, dice.choice([1, 2])
        rows[r][c] = off(dice, rows[r][c], Decimal(2))
        return r

    return Made(rows, {"average": wrong})


TABLES = (totals, variances, percentages, ranks, register, months, slips, averages)
