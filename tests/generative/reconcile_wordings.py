"""Tables in the words, units and layouts that different offices use, with an error of each kind to plant.

Written apart from the rules' own labels: each list is what papers say, not what the engine looks for.
"""

import random
import re
from decimal import Decimal

from tests.generative.reconcile_packs import PLACES, Made, half_up

WHOLES = [
    "Total", "All", "Sum", "Overall", "ICB total", "Grand total", "System total", "All providers", "TOTALS",
    "Combined total", "Trust total", "Overall total",
]  # fmt: skip
PLANS = ["Plan", "Budget", "Trajectory", "YTD plan", "Annual budget", "Original plan", "Allocation"]
ACTUALS = ["Actual", "Outturn", "Forecast", "FOT", "Spent", "Delivered", "Expenditure to date"]
VARIANCES = [
    "Variance", "Var", "Diff", "Better/(worse)", "Over/(under)", "Fav/(adv)", "Favourable/(adverse)", "+/-", "B/(W)",
    "Underspend/(overspend)", "Variation", "(Adverse)/favourable",
]  # fmt: skip
HIDDEN = {"*": None, "<5": 4, "c": None, "[c]": None, "5 or fewer": 5}


def moved(text: str, by: int) -> str:
    """A printed figure moved, in its own style."""
    found = re.search(r"\d[\d,]*", text)
    if found is None:
        raise ValueError(text)
    size = int(found[0].replace(",", "")) + (-by if text.startswith(("(", "-")) else by)
    return text[: found.start()] + (f"{size:,}" if "," in found[0] else str(size)) + text[found.end() :]


def wholes(dice: random.Random) -> Made:
    """Counts with a last row called by any of the names of a whole; a dash or n/a among them."""
    width = dice.randint(1, 4)
    heads = dice.sample(["Attendances", "Admissions", "Referrals", "Contacts", "Bed days"], width)
    figures = [[dice.randint(200, 90_000) for _ in heads] for _ in range(dice.randint(4, 10))]
    body = [[f"{one:,}" for one in row] for row in figures]
    if dice.random() < 0.3:
        r, c = dice.randrange(len(body)), dice.randrange(width)
        figures[r][c], body[r][c] = 0, dice.choice(["-", "n/a", "nil", "–"])
    rows = [["Provider", *heads], *([name, *row] for name, row in zip(PLACES, body, strict=False))]
    rows.append([dice.choice(WHOLES), *(f"{sum(column):,}" for column in zip(*figures, strict=True))])

    def wrong(dice: random.Random) -> int:
        c = dice.randrange(1, width + 1)
        rows[-1][c] = moved(rows[-1][c], dice.choice([1, 10, 100, -3]))
        return len(rows) - 1

    return Made(rows, {"whole": wrong})


def sections(dice: random.Random) -> Made:
    """Income and expenditure in two sections, better in brackets when worse: signs that differ by section."""
    plan, actual, variance = dice.choice(PLANS), dice.choice(ACTUALS), dice.choice(VARIANCES)
    rows = [["Line", f"{plan} £000", f"{actual} £000", f"{variance} £000"]]
    body = []
    for section, sign in (("Income", 1), ("Expenditure", -1)):
        rows.append([section, "", "", ""])
        totals = [0, 0]
        for name in dice.sample(PLACES, 4):
            a = dice.randint(900, 50_000)
            b = a + dice.choice([-1, 1]) * dice.randint(20, 400)
            totals = [totals[0] + a, totals[1] + b]
            change = sign * (b - a)
            rows.append(
                [f"{name} {section.lower()}", f"{a:,}", f"{b:,}", f"({-change:,})" if change < 0 else f"{change:,}"]
            )
            body.append(len(rows) - 1)
        change = sign * (totals[1] - totals[0])
        last = f"({-change:,})" if change < 0 else f"{change:,}"
        rows.append([f"Total {section.lower()}", *(f"{one:,}" for one in totals), last])

    def wrong(dice: random.Random) -> int:
        r = dice.choice(body)
        rows[r][3] = moved(rows[r][3], dice.choice([5, 40, 200]))
        return r

    def turned(dice: random.Random) -> int:
        r = dice.choice(body)
        bare = rows[r][3].strip("()")
        rows[r][3] = bare if rows[r][3].startswith("(") else f"({bare})"
        return r

    return Made(rows, {"variance of a section": wrong, "sign of a section": turned})


def hidden(dice: random.Random) -> Made:
    """A small number kept back, and a total that holds it."""
    mark = dice.choice(list(HIDDEN))
    figures = [dice.randint(20, 900) for _ in range(dice.randint(5, 10))]
    gone = dice.randrange(len(figures))
    figures[gone] = dice.randint(1, 4)
    rows = [["Area", "Deaths"], *([name, str(one)] for name, one in zip(PLACES, figures, strict=False))]
    rows[gone + 1][1] = mark
    rows.append(["Total", str(sum(figures))])

    def under(dice: random.Random) -> int:
        rows[-1][1] = str(sum(figures) - dice.randint(10, 60))
        return len(rows) - 1

    return Made(rows, {"less than what is shown": under})


def carried(dice: random.Random) -> Made:
    """A waiting list from month to month."""
    heads = dice.choice(
        [("Opening balance", "In", "Out", "Closing balance"), ("Start of month", "Added", "Removed", "End of month")]
    )
    rows = [["Month", *heads]]
    held = dice.randint(300, 900)
    for month in ("Apr", "May", "Jun", "Jul", "Aug", "Sep"):
        more, less = dice.randint(10, 99), dice.randint(10, 99)
        rows.append([month, str(held), str(more), str(less), str(held + more - less)])
        held += more - less

    def wrong(dice: random.Random) -> int:
        r = dice.randrange(2, len(rows) - 1)
        rows[r][4] = moved(rows[r][4], 7)
        return r

    return Made(rows, {"balance": wrong})


def actions(dice: random.Random) -> Made:
    """An action log under the date of its meeting."""
    rows = [
        ["Board meeting of 12 September 2024", "", ""],
        [],
        ["Ref", "Date raised", dice.choice(["Closed", "Completed"])],
    ]
    rows += [[f"A{i}", f"{dice.randint(1, 28):02}/04/2024", f"{dice.randint(1, 28):02}/07/2024"] for i in range(1, 9)]

    def late(dice: random.Random) -> int:
        r = dice.randrange(3, len(rows))
        rows[r][dice.choice([1, 2])] = f"{dice.randint(13, 30)}/09/2024"
        return r

    return Made(rows, {"done after the meeting": late})


def compliance(dice: random.Random) -> Made:
    """Shares of a whole without their counts, and performance as what breaches leave."""
    rows = [["Trust", "Attendances", "Breaches", "Performance", "Training compliance %"]]
    for name in dice.sample(PLACES, 7):
        seen = dice.randint(900, 9000)
        late = dice.randint(50, seen // 3)
        share = half_up(Decimal(seen - late) / seen * 100, 1)
        rows.append([name, f"{seen:,}", f"{late:,}", f"{share}%", f"{dice.randint(400, 990) / 10}%"])

    def left(dice: random.Random) -> int:
        r = dice.randrange(1, len(rows))
        rows[r][3] = f"{Decimal(rows[r][3].strip('%')) - 3}%"
        return r

    def beyond(dice: random.Random) -> int:
        r = dice.randrange(1, len(rows))
        rows[r][4] = f"{dice.randint(1030, 1900) / 10}%"
        return r

    return Made(rows, {"what breaches leave": left, "more than all": beyond})


WORDINGS = (wholes, sections, hidden, carried, actions, compliance)


def told(dice: random.Random) -> tuple[Made, list[str], list[int]]:
    """A table, a report in sentences that agrees with it, and which of its sentences tell a figure of the table."""
    measure = dice.choice(["A&E attendances", "Emergency admissions", "Outpatient appointments"])
    names = dice.sample(PLACES, 5)
    figures = [dice.randint(1001, 30_000) * 1 for _ in names]
    figures = [one + (one % 10 == 0) for one in figures]
    rows = [
        ["Provider", measure],
        *([f"{name} NHS Trust", f"{one:,}"] for name, one in zip(names, figures, strict=True)),
    ]
    rows.append(["Total", f"{sum(figures):,}"])
    forms = ["{0} recorded {1:,} {2}.", "{2} at {0} were {1:,}.", "There were {1:,} {2} at {0}, up from 900 last year."]
    lines = [dice.choice(forms).format(name, one, measure) for name, one in zip(names, figures, strict=True)]
    noise = ["Nearly 5,000 people were seen in 2024/25.", "The Board met on 12 September 2024 with 14 members.",
             "Waiting times fell by 300.", "A further £1.5m was agreed."]  # fmt: skip
    told_at = list(range(len(lines)))
    return Made(rows), [*lines, *noise], told_at
