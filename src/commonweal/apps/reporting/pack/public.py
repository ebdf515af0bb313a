"""The public summary: one page in plain English, from figures that may be released, naming nobody."""

from commonweal.apps.reporting.model import BoardReport
from commonweal.apps.reporting.pack.contents import about as told_of
from commonweal.apps.reporting.pack.model import Block, Bullets, Para, Section

_MOST = 6


def public_summary(report: BoardReport) -> list[Section]:
    """What went well, what did not, where it is unequal, what it cost, and where to find the figures."""
    met = [one for one in report.headlines if one.rule == "standards-met"]
    lines = [line for area in report.areas for line in area.lines]
    well = [f"{one.name}: {one.actual.text}, planned {one.plan.text}." for one in lines if one.judged == "better"]
    badly = [f"{one.name}: {one.actual.text}, planned {one.plan.text}." for one in lines if one.judged == "worse"]
    first: list[Block] = [Para(f"How local health and care did in {report.month}.", tone="lead")]
    first += [Para(f"{one.figure} {one.text}.") for one in met]
    made = [Section("headlines", "In short", 2, tuple(first))]
    if well:
        made.append(Section("well", "Better than planned", 2, (Bullets(tuple(well[:_MOST])),)))
    if badly:
        made.append(Section("badly", "Worse than planned", 2, (Bullets(tuple(badly[:_MOST])),)))
    gaps = [one.summary for one in report.registers if one.system and one.system[0].certain]
    if gaps:
        told = Para("People in the most deprived areas compared with people in the least deprived areas.")
        made.append(Section("inequality", "Where health is unequal", 2, (told, Bullets(tuple(gaps[:_MOST])))))
    if report.finance.lines:
        money = report.finance.lines[0]
        text = f"{money.name}: {money.actual.text} was spent, {money.plan.text} was planned."
        made.append(Section("finance", "Money", 2, (Para(text),)))
    about = [
        "Small numbers of people are left out or rounded, so that nobody can be recognised.",
        "“Planned” means what the organisations expected at the start of the year.",
        "The full report says where each figure came from. Figures may be used again from the open data page of this "
        "site, once this report has been signed off.",
    ]
    about = [block.text for block in told_of(report) if isinstance(block, Para)] + about
    made.append(Section("about", "About these figures", 2, (Bullets(tuple(about)),)))
    return made
