"""The state of a guided policy search by a planner as files; what is loaded is the same to the bit.

See `gps/state_files.py` for the files.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rl_control.gps.guided import GuidedState
from rl_control.gps.lessons import Lessons
from rl_control.gps.state_files import Arrays, load_files, save_files
from rl_control.policy.training import Policy

KIND = "guided policy search by a planner"
_LESSONS = ("observations", "outputs", "costs")


def save_guided(folder: Path, state: GuidedState) -> None:
    """Write a state into a folder, in the place of the one before.

    Raises:
        DataError: if it cannot be written; the one before is then still there.
    """
    arrays = {name: getattr(state.lessons, name) for name in _LESSONS}
    save_files(folder, KIND, {"seconds": state.seconds}, arrays, state.iteration, state.policy)


def load_guided(folder: Path) -> GuidedState:
    """Return the state in a folder.

    Raises:
        DataError: if there is none, or it is damaged.
        PolicyError: if the policy in it cannot be used.
    """
    return load_files(folder, KIND, _state)


def _state(
    document: Mapping[str, Any], arrays: Arrays, iteration: int, policy: Policy | None
) -> GuidedState:
    return GuidedState(
        Lessons(*(arrays[name] for name in _LESSONS)),
        iteration=iteration,
        policy=policy,
        seconds=float(document["seconds"]),
    )
