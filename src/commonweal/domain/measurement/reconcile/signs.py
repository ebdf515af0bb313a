"""Which way a table's signs mean: better is more of income and less of cost, and a table may hold both."""

import re

import numpy as np

from commonweal.domain.measurement.reconcile.checking import Verdict
from commonweal.domain.measurement.reconcile.views import Flags, Floats, View

_EARNED = re.compile(
    r"\b(?:income|revenue|receipts|grants?|fees|sales|funding|surplus|deficit|net|contribution|savings?|cip|"
    r"efficienc(?:y|ies)|margin|result)\b",
    re.IGNORECASE,
)


def other_way(view: View, f: int, verdict: Verdict, turned: Verdict, middle: Floats) -> Flags:
    """Records whose sign means the other way: better is more of income and less of cost.

    Records are taken by section, and within one by whether their label is of income; a group most of which fits the
    other way is taken to mean it. A group of one record does only if it is of income, among records that are not.
    """
    found = np.zeros(len(view.records), dtype=bool)
    if view.columns_are_records:
        return found
    earned = np.array([bool(_EARNED.search(label)) for label in view.records])
    one_way, turned_way = verdict.fits & (middle != 0), turned.fits & ~verdict.fits
    groups = {(int(block), bool(kind)) for block, kind in zip(view.blocks, earned, strict=True)}
    if len(groups) < 2:
        return found
    for block, kind in groups:
        members = (view.blocks == block) & (earned == kind)
        fits, turns = int((one_way & members).sum()), int((turned_way & members).sum())
        apart = kind and bool((~earned & np.isfinite(middle)).any())
        if turns > fits and (turns >= 2 or apart):
            found |= members
    return found
