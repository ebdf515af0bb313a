"""States of a report version and of an action on a figure: one table of transitions each."""

from collections.abc import Mapping

from commonweal.domain.errors import CommonwealError


class TransitionError(CommonwealError):
    """A step that the state something is in does not allow."""


Table = Mapping[str, Mapping[str, str]]

# state → step → next state. A version is frozen when it is prepared; nothing leads back to a draft: figures that
# change make another version.
VERSION: Table = {
    "prepared": {"sign_off": "published", "return": "returned"},
    "published": {"withdraw": "withdrawn"},
    "returned": {},
    "withdrawn": {},
}
ACTION: Table = {
    "open": {"start": "under_way", "finish": "done", "cancel": "cancelled"},
    "under_way": {"finish": "done", "cancel": "cancelled"},
    "done": {"reopen": "open"},
    "cancelled": {"reopen": "open"},
}


def after(table: Table, state: str, step: str) -> str:
    """The state that ``step`` leads to from ``state``. Raises ``TransitionError``, which names the steps there are."""
    steps = table.get(state, {})
    if step not in steps:
        known = ", ".join(name.replace("_", " ") for name in steps) or "none"
        raise TransitionError(f"{step.replace('_', ' ')} is no step from {state.replace('_', ' ')}; steps: {known}")
    return steps[step]
