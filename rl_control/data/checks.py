"""Whether transitions are fit to learn from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rl_control.data.transitions import TransitionDataset
from rl_control.errors import DataError

_ROUNDING = 1e-9  # share of a time that summing steps may lose
_LEAST_EFFORT_RANGE = 1e-6  # [N m] or [N], above the rounding of averaged efforts


def check_enough(data: TransitionDataset, least_seconds: float, least_range: float = 1e-3) -> None:
    """Refuse a set from which no model of the arm can be learned.

    Args:
        data: the set.
        least_seconds: least time of motion in [s].
        least_range: least distance between a joint's extreme positions in [rad] or [m].

    Raises:
        DataError: if a number is not finite, there is too little motion, a joint never moves, or
            its control never changes.
    """
    source = _named(data.sources)
    check_finite(data, source)
    if data.seconds < least_seconds * (1.0 - _ROUNDING) or not data.size:
        raise DataError(
            source,
            f"{data.seconds:.3g} s of motion, at least {least_seconds:.3g} s are needed",
            "Record more, or join more recordings.",
        )
    positions = np.concatenate([data.states[:, : data.n], data.next_states[:, : data.n]])
    still = np.ptp(positions, axis=0) < least_range
    if still.any():
        raise DataError(
            source,
            f"joint(s) {_chosen(data, still)} moved by less than {least_range:g} rad or m",
            "Record motion of every joint.",
        )
    constant = np.ptp(data.controls, axis=0) < _LEAST_EFFORT_RANGE
    if constant.any():
        raise DataError(
            source,
            f"the control of joint(s) {_chosen(data, constant)} never changes",
            "Record varied efforts for every joint, and check that the commands are those of "
            "this arm.",
        )


def check_finite(data: TransitionDataset, source: object) -> None:
    """Refuse a set with a NaN or an infinity in it, naming where.

    Args:
        data: the set.
        source: named in the error.

    Raises:
        DataError: if a number is not finite.
    """
    for name in ("states", "controls", "next_states", "times"):
        values = getattr(data, name)
        rows = ~np.isfinite(values).all(axis=tuple(range(1, values.ndim)))
        if rows.any():
            raise DataError(
                source,
                f"{name}: {np.count_nonzero(rows)} of {len(rows)} transitions are not finite, "
                f"the first is number {int(np.argmax(rows))}",
                "Clean the recording before it is resampled.",
            )


def _chosen(data: TransitionDataset, which: NDArray[np.bool_]) -> str:
    return ", ".join(name for name, chosen in zip(data.names, which, strict=True) if chosen)


def _named(sources: tuple[str, ...]) -> str:
    if not sources:
        return "transitions"
    more = f" and {len(sources) - 1} more" if len(sources) > 1 else ""
    return f"{sources[0]}{more}"
