"""Efforts in words and cells: no digit that does not matter for the joint."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from rl_control.types import Array

NOTED = 1e-3  # share of a joint's effort limit below which nothing is told of an effort
_LEAST, _MOST = 2, 6  # decimals


def decimals(limit: float) -> int:
    """Return how many decimals of an effort matter to a joint with that limit [N m] or [N]."""
    if not 0.0 < limit < math.inf:
        return _LEAST
    return min(max(math.ceil(-math.log10(NOTED * limit)), _LEAST), _MOST)


def counts(effort: float, limit: float) -> bool:
    """Whether anything is left of an effort that is rounded to what matters."""
    return round(effort, decimals(limit)) != 0.0


def effort_text(effort: float, limit: float, sign: bool = False) -> str:
    """Return an effort as text, rounded to what matters to a joint with that limit; "0" for none.

    Args:
        effort: in [N m] or [N].
        limit: of the joint, in the same unit.
        sign: whether a "+" is written.
    """
    if not counts(effort, limit):
        return "0"
    return f"{effort:{'+' if sign else ''}.{decimals(limit)}f}"


def short_effort(effort: float, limit: float) -> str:
    """Return a signed effort of three digits at most, as a narrow column holds it."""
    size = abs(effort)
    if size < 1.0:
        return effort_text(effort, limit, sign=True)
    return f"{effort:+.{0 if size >= 99.95 else 1 if size >= 9.995 else 2}f}"


def percent_text(share: float) -> str:
    """Return a share in percent with one decimal."""
    if 0.0 < share < NOTED:
        return "< 0.1 %"
    return f"{100 * share:.1f} %"


def greatest(pulls: Mapping[str, Array], limits: Array) -> dict[str, float]:
    """Return each term's greatest pull as a share of the joint's limit, the greatest first.

    Args:
        pulls: by term, [n] in [N m] or [N].
        limits: of efforts, [n] in the same units.
    """
    sizes = {term: float(np.max(np.abs(pull) / limits)) for term, pull in pulls.items()}
    return dict(sorted(sizes.items(), key=lambda entry: -entry[1]))


def short_names(names: Sequence[str]) -> tuple[str, list[str]]:
    """Return what all names begin with, "" where one is nothing else, and their rests."""
    begin = names[0] if len(names) > 1 else ""
    while not all(name.startswith(begin) for name in names):
        begin = begin[:-1]
    if begin in names:
        begin = ""
    return begin, [name[len(begin) :] for name in names]
