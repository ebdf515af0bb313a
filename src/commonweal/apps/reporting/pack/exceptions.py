"""The exception report: each indicator that fails, what, why, who acts, by what trajectory and since when.

An indicator fails when its variance from plan is in the wrong direction, when its newest point is a special cause of
concern, or when its target is out of reach. What nobody supplied is said to be so.
"""

from collections.abc import Sequence

from commonweal.apps.measurement.api import Indicator
from commonweal.apps.reporting.formats import NONE, day, slug
from commonweal.apps.reporting.model import BoardReport, PlanLine
from commonweal.apps.reporting.notes import Note
from commonweal.apps.reporting.pack.model import Para, Section, Terms
from commonweal.apps.reporting.pack.signals import Signalled, trajectory
from commonweal.domain.measurement.targets import says
from commonweal.domain.performance.words import ASSURANCE_WORDS

NOT_SUPPLIED = "Not supplied"
_STATES = {"open": "open", "under_way": "under way", "done": "done", "cancelled": "cancelled"}


def exceptions(
    report: BoardReport, found: Sequence[Signalled], said: Sequence[Note], known: dict[str, Indicator]
) -> list[Section]:
    """A section for each failing indicator, after one that counts them."""
    made = []
    lines = [line for area in report.areas for line in area.lines] + list(report.finance.lines)
    for line in lines:
        if line.judged == "worse" and line.code in known:
            made.append(_of_plan(line, known[line.code], said))
    codes = dict.fromkeys(one.indicator.code for one in found if one.concern or one.failing)
    for code in codes:
        made.append(_of_signal([one for one in found if one.indicator.code == code], said))
    count = len(made)
    lead = (
        "No indicator fails: none is worse than plan, shows special cause concern or cannot reach its target."
        if not count
        else f"{count} {'indicator fails' if count == 1 else 'indicators fail'}: worse than plan, of special cause "
        "concern, or with a target out of reach. Reasons, actions and owners are those written beside the figure."
    )
    return [Section("exceptions", "Exception report", 2, (Para(lead),)), *made]


def _of_plan(line: PlanLine, indicator: Indicator, said: Sequence[Note]) -> Section:
    change = line.variance.text
    if line.variance_percent.text != NONE:
        change += f"; {line.variance_percent.text}"
    target = "; ".join(says(one, indicator.unit) for one in indicator.targets if one.points)
    terms = (
        ("What", f"{line.actual.text} against a plan of {line.plan.text} ({change}). {line.as_at}."),
        ("Since when", "Not known: one period of plan against actual is held."),
        *_said_of(indicator, said),
        ("Trajectory", target or f"{NOT_SUPPLIED}: no trajectory is defined."),
    )
    sources = tuple(dict.fromkeys((*line.plan.sources, *line.actual.sources)))
    blocks = (Terms(terms), Para(indicator.sentence, sources))
    return Section(f"exception-{slug(indicator.code)}", indicator.name, 3, blocks)


def _of_signal(own: Sequence[Signalled], said: Sequence[Note]) -> Section:
    indicator = own[0].indicator
    bad = [one for one in own if one.concern or one.failing]
    what = []
    for one in bad[:5]:
        words = "special cause of concern" if one.concern else ASSURANCE_WORDS[one.summary.assurance].lower()
        what.append(f"{one.where}: {one.value} in {one.at} ({words})")
    if len(bad) > 5:
        what.append(f"and {len(bad) - 5} more series")
    since = [f"{one.where} since {one.since}" for one in bad[:5] if one.since]
    target = bad[0].target or "No target has been recorded"
    terms = (
        ("What", "; ".join(what) + "."),
        ("Since when", ("; ".join(since) + ".") if since else "Throughout the figures held: no change is told apart."),
        ("Target", f"{target[:1].upper()}{target[1:]}."),
        *_said_of(indicator, said),
        ("Trajectory", trajectory(indicator, bad[0].summary.date) or f"{NOT_SUPPLIED}: no trajectory is defined."),
    )
    old = (Para(f"The newest figure is of {bad[0].at}: it does not say how things stand now."),) if bad[0].old else ()
    blocks = (Terms(terms), Para(indicator.sentence), *old)
    return Section(f"exception-{slug(indicator.code)}-signal", f"{indicator.name}: signals", 3, blocks)


def _said_of(indicator: Indicator, said: Sequence[Note]) -> tuple[tuple[str, str], ...]:
    own = [one for one in said if one.indicator == indicator.code]
    why = "; ".join(one.text for one in own if one.kind == "reason")
    actions = [one for one in own if one.kind == "action" and one.state != "cancelled"]
    comments = "; ".join(f"{one.text} ({one.by})" for one in own if one.kind == "comment")
    told = [("Why", why or f"{NOT_SUPPLIED}: nobody has written a reason beside the figure.")]
    if actions:
        told += [
            ("Action", f"{one.text}. Owner: {one.owner}. Due {day(one.due)}; {_STATES[one.state]}.") for one in actions
        ]
    else:
        told.append(("Action", f"{NOT_SUPPLIED}: no action has been written beside the figure."))
    told.append(("Owner of the indicator", indicator.owner or NOT_SUPPLIED))
    if comments:
        told.append(("Comments", comments))
    return tuple(told)
