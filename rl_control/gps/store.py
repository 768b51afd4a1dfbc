"""The state of a guided policy search as files; see `gps/state_files.py` for these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rl_control.gps.motions import Motions
from rl_control.gps.state import MdgpsState
from rl_control.gps.state_files import Arrays, load_files, save_files
from rl_control.gps.step_rule import Costs
from rl_control.models.mixture import GaussianMixture
from rl_control.policy.linear_gaussian import LinearGaussianController
from rl_control.policy.training import Policy
from rl_control.types import Array, Condition, Goal, Pose

KIND = "guided policy search"
_MIXTURES = ("dynamics_mixture", "policy_mixture")
_MIXTURE = ("weights", "means", "covariances")
_CONTROLLER = ("K", "k", "covariance")


def save_state(folder: Path, state: MdgpsState) -> None:
    """Write a state into a folder, in the place of the one before.

    Raises:
        DataError: if it cannot be written; the one before is then still there.
    """
    first = state.controllers[0]
    document = {
        "quiet": state.quiet,
        "names": list(first.names),
        "dt": first.dt,
        "base": first.base,
        "fixtures": [list(condition.scene) for condition in state.conditions],
    }
    arrays = {
        "numbers": np.array([state.multiplier, state.seconds]),
        "etas": state.etas,
        **_arrays_of_conditions(state.conditions),
    }
    for name in _CONTROLLER:
        arrays[f"controllers.{name}"] = np.stack([getattr(c, name) for c in state.controllers])
    if state.before is not None:
        arrays["before"] = np.array(
            [state.before.expected, state.before.sampled, state.before.foretold]
        )
    if state.recent is not None:
        arrays["states"], arrays["controls"] = state.recent.states, state.recent.controls
    for which in _MIXTURES:
        mixture = getattr(state, which)
        if mixture is not None:
            arrays |= {f"{which}.{name}": getattr(mixture, name) for name in _MIXTURE}
    save_files(folder, KIND, document, arrays, state.iteration, state.policy)


def load_state(folder: Path) -> MdgpsState:
    """Return the state in a folder.

    Raises:
        DataError: if there is none, or it is damaged.
        PolicyError: if the policy in it cannot be used.
    """
    return load_files(folder, KIND, _state)


def _state(
    document: Mapping[str, Any], arrays: Arrays, iteration: int, policy: Policy | None
) -> MdgpsState:
    names, dt, base = tuple(document["names"]), float(document["dt"]), document["base"]
    controllers = [
        LinearGaussianController(names, dt, K, k, covariance, base)
        for K, k, covariance in zip(
            *(arrays[f"controllers.{name}"] for name in _CONTROLLER), strict=True
        )
    ]
    multiplier, seconds = arrays["numbers"]
    return MdgpsState(
        conditions=_conditions(document["fixtures"], arrays),
        controllers=tuple(controllers),
        etas=arrays["etas"],
        iteration=iteration,
        policy=policy,
        recent=Motions(arrays["states"], arrays["controls"]) if "states" in arrays else None,
        multiplier=float(multiplier),
        before=Costs(*map(float, arrays["before"])) if "before" in arrays else None,
        quiet=int(document["quiet"]),
        seconds=float(seconds),
        **{which: _mixture(which, arrays) for which in _MIXTURES},
    )


def _mixture(which: str, arrays: Arrays) -> GaussianMixture | None:
    if f"{which}.weights" not in arrays:
        return None
    return GaussianMixture(*(arrays[f"{which}.{name}"] for name in _MIXTURE))


def _arrays_of_conditions(conditions: Sequence[Condition]) -> dict[str, Array]:
    goals = [condition.goal for condition in conditions]
    arrays = {
        "q": np.stack([condition.q for condition in conditions]),
        "v": np.stack([condition.v for condition in conditions]),
        "goal.position": np.stack([goal.position for goal in goals]),
        "goal.posture": np.stack([goal.posture for goal in goals]),
        # A rotation that is left free is kept as NaN.
        "goal.rotation": np.stack(
            [np.full((3, 3), np.nan) if g.rotation is None else g.rotation for g in goals]
        ),
    }
    for c, condition in enumerate(conditions):
        for k, pose in enumerate(condition.scene.values()):
            arrays[f"scene.{c}.{k}.position"] = pose.position
            arrays[f"scene.{c}.{k}.rotation"] = pose.rotation
    return arrays


def _conditions(fixtures: Sequence[Sequence[str]], arrays: Arrays) -> tuple[Condition, ...]:
    conditions = []
    for c, names in enumerate(fixtures):
        rotation = arrays["goal.rotation"][c]
        goal = Goal(
            arrays["goal.position"][c],
            arrays["goal.posture"][c],
            None if np.isnan(rotation).all() else rotation,
        )
        scene = {
            name: Pose(arrays[f"scene.{c}.{k}.position"], arrays[f"scene.{c}.{k}.rotation"])
            for k, name in enumerate(names)
        }
        conditions.append(Condition(arrays["q"][c], arrays["v"][c], goal, scene))
    return tuple(conditions)
