"""Models that a controller can plan on: read from a file and checked, or made for a start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from rl_control.errors import ModelError
from rl_control.models.features import Features
from rl_control.models.holding import hold_torque, mass_matrix
from rl_control.models.learned import LearnedModel, rigid_model
from rl_control.models.mechanics import Mechanics
from rl_control.models.nets import NetEnsemble
from rl_control.models.store import load_model
from rl_control.robot.model import RobotModel

_PROBES = 32
_DEVIATION = 1e3  # [rad/s^2] or [m/s^2] that a network without knowledge is sure of


def load_plannable(path: Path, robot: RobotModel, dt: float) -> tuple[LearnedModel, dict[str, Any]]:
    """Return the model in a file, and what is said of it there.

    Args:
        path: the file.
        robot: the arm it must be of.
        dt: time step it must have in [s].

    Raises:
        DataError: if the file is missing, damaged or no model.
        ModelError: if the model is of another arm or step, of a kind that no controller plans on,
            or foretells what is not finite.
    """
    model, about = load_model(path, robot)
    if abs(model.dt - dt) > 1e-9:
        raise ModelError(
            path,
            f"it foretells steps of {model.dt:g} s, the planner takes steps of {dt:g} s",
            f"Fit a model with fit.dt {dt:g}, or plan with mpc.dt {model.dt:g}.",
        )
    if model.residual is not None and model.nets is None:
        raise ModelError(
            path,
            f"a model of kind '{model.kind}' is too slow to plan on",
            "Fit one whose residual is none, net or ensemble.",
        )
    if not _finite(model, robot):
        raise ModelError(path, "what it foretells is not finite", "Fit the model again.")
    return model, about


def nominal_model(
    robot: RobotModel, dt: float, networks: int = 0, layers: Sequence[int] = ()
) -> LearnedModel:
    """Return the arm as described, in the form that learned models have.

    Args:
        robot: the arm.
        dt: time step in [s].
        networks: that add nothing yet, so that models with as many can take its place.
        layers: units of their hidden layers.
    """
    model = rigid_model(Mechanics(robot), dt)
    if not networks:
        return model
    nets = _silent_nets(robot, networks, layers)
    return replace(model, residual=nets, scale=np.ones(2 * robot.n))


def _silent_nets(robot: RobotModel, members: int, layers: Sequence[int]) -> NetEnsemble:
    features = Features(tuple(joint.kind != "prismatic" for joint in robot.joints))
    n, f = robot.n, features.size
    sizes = (f, *layers, 2 * n)
    return NetEnsemble(
        features=features,
        weights=tuple(np.zeros((members, out, into)) for into, out in pairwise(sizes)),
        biases=tuple(np.zeros((members, out)) for out in sizes[1:]),
        input_mean=np.zeros(f),
        input_scale=np.ones(f),
        output_mean=np.zeros(n),
        output_scale=np.full(n, _DEVIATION),
        least_log_variance=np.full((members, n), -1.0),
        greatest_log_variance=np.full((members, n), 1.0),
        spread=np.ones(n),
    )


def _finite(model: LearnedModel, robot: RobotModel) -> bool:
    """Whether it foretells and holds with finite numbers wherever the arm can be."""
    rng = np.random.default_rng(0)
    limits = robot.limits
    low = np.where(np.isfinite(limits.lower), limits.lower, -np.pi)
    high = np.where(np.isfinite(limits.upper), limits.upper, np.pi)
    q = rng.uniform(low, high, (_PROBES, robot.n))
    v, u = (rng.uniform(-s, s, (_PROBES, robot.n)) for s in (limits.velocity, limits.effort))
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            found = [
                model.step(np.hstack([q, v]), u),
                hold_torque(model, robot.home),
                mass_matrix(model, robot.home),
            ]
    except np.linalg.LinAlgError:
        return False
    return all(bool(np.isfinite(part).all()) for part in found)
