"""Sets of transitions as files."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from rl_control.data.checkpoint import load_checkpoint, save_checkpoint
from rl_control.data.checks import check_finite
from rl_control.data.transitions import TransitionDataset
from rl_control.errors import DataError

KIND = "transitions"
_ARRAYS = ("states", "controls", "next_states", "times", "rollouts")


def save_transitions(path: str | Path, data: TransitionDataset) -> None:
    """Write a set as the file `path`, whole or not at all.

    Raises:
        DataError: if a number is not finite, or the file cannot be written.
    """
    check_finite(data, path)
    document = {"names": data.names, "dt": data.dt, "sources": data.sources}
    save_checkpoint(path, KIND, document, {name: getattr(data, name) for name in _ARRAYS})


def load_transitions(path: str | Path) -> TransitionDataset:
    """Return the set in the file `path`; its digest is that of the set that was saved.

    Raises:
        DataError: if there is no such file, it is damaged or of another kind, its parts do not
            fit together, or a number is not finite.
    """
    document, arrays = load_checkpoint(path, KIND)
    try:
        data = TransitionDataset(
            names=tuple(document["names"]),
            dt=document["dt"],
            sources=tuple(document["sources"]),
            **{name: arrays[name] for name in _ARRAYS},
        )
        fits = math.isfinite(data.dt) and data.dt > 0.0
        fits = fits and bool((np.diff(data.rollouts, prepend=0) >= 0).all())
    except (KeyError, TypeError, ValueError) as error:
        raise _unfit(path, f"it lacks a part, or one is of the wrong size: {error}") from error
    if not fits:
        raise _unfit(path, "its time step is not positive, or its rollouts are not in order")
    check_finite(data, path)
    return data


def _unfit(path: str | Path, problem: str) -> DataError:
    return DataError(path, f"not a set of transitions: {problem}", "Make it anew.")
