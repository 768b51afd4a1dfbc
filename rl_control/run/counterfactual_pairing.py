"""Which state of a recording a message is about: matched by stamp, as a controller takes states."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rl_control.data.bags.cdr_rows import NANO, Stamps

NEW_TIMELINE = NANO
"""Time in [ns] that a stamp lies further back than the one before where a clock began anew."""

_RECEIPT_SLACK = NANO // 50  # [ns] by which messages of two topics may swap places


def states_taken(stamps: Stamps) -> NDArray[np.intp]:
    """Which states a controller takes: not one twice, and none that comes late."""
    if (np.diff(stamps) > 0).all():
        return np.arange(len(stamps))
    kept: list[int] = []
    newest: int | None = None
    for k, stamp in enumerate(stamps.tolist()):
        if newest is None or stamp > newest or newest - stamp > NEW_TIMELINE:
            kept.append(k)
            newest = stamp
    return np.array(kept, dtype=np.intp)


def places_of(stamps: Stamps, received: Stamps, wanted: Stamps, at: Stamps) -> NDArray[np.intp]:
    """Return which state has each of the stamps `wanted` [M], the newest by `at` [M]; -1: none."""
    if (np.diff(stamps) > 0).all():
        nearest = np.minimum(np.searchsorted(stamps, wanted), len(stamps) - 1)
        return np.where(stamps[nearest] == wanted, nearest, -1)
    where: dict[int, list[int]] = {}
    for k, stamp in enumerate(stamps.tolist()):
        where.setdefault(stamp, []).append(k)
    places = []
    for stamp, time in zip(wanted.tolist(), at.tolist(), strict=True):
        candidates = where.get(stamp, [])
        before = [k for k in candidates if received[k] <= time + _RECEIPT_SLACK]
        places.append(before[-1] if before else candidates[0] if candidates else -1)
    return np.array(places, dtype=np.intp)


def states_missing(stamps: Stamps, starts: Sequence[int] = ()) -> int:
    """Return how many states lack between those with `stamps`, as far as their period tells.

    Args:
        stamps: of the states there are, [T] in [ns].
        starts: states before which the controller began anew: nothing lacks there.
    """
    steps = np.diff(stamps)
    steps[[k - 1 for k in starts if 0 < k < len(stamps)]] = 0
    steps = steps[steps > 0]
    if not len(steps):
        return 0
    return int((np.rint(steps / np.median(steps)) - 1).clip(0).sum())
