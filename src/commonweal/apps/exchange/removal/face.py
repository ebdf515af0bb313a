"""What the exchange's ``api`` gives of lawful removal."""

from commonweal.apps.exchange.removal.asking import (
    Asked,
    Reason,
    Targets,
    ask,
    confirm,
    hold,
    lift,
    reach,
    refuse,
    targets_of,
)
from commonweal.apps.exchange.removal.doing import carry_out, listed, result, unfinished
from commonweal.apps.exchange.removal.listing import apply_again, lines
from commonweal.apps.exchange.removal.listing import path as list_path

__all__ = [
    "Asked",
    "Reason",
    "Targets",
    "apply_again",
    "ask",
    "carry_out",
    "confirm",
    "hold",
    "lift",
    "lines",
    "list_path",
    "listed",
    "reach",
    "refuse",
    "result",
    "targets_of",
    "unfinished",
]
