"""Learned models on disk: one file each, with all that tells whether it is the right one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rl_control.data.checkpoint import load_checkpoint, save_checkpoint
from rl_control.errors import ModelError
from rl_control.models.learned import LearnedModel, Residual
from rl_control.models.mechanics import Mechanics
from rl_control.models.nets import NetEnsemble
from rl_control.robot.model import RobotModel
from rl_control.robot.parameters import full_parameters, with_full_parameters
from rl_control.types import Array

KIND = "dynamics model"


def save_model(path: str | Path, model: LearnedModel, about: Mapping[str, Any]) -> None:
    """Write `model` to one file, whole or not at all.

    Args:
        path: of the file.
        model: its residual must be a `NetEnsemble`, or none.
        about: where it comes from (version, seconds of motion, digest of the data, errors).

    Raises:
        ModelError: if the residual is of a kind that has no file form here.
        DataError: if the file cannot be written.
    """
    if model.residual is not None and model.nets is None:
        raise ModelError(
            path,
            f"a residual of kind {type(model.residual).__name__} is not kept in a model file",
            "Fit a network or an ensemble for a controller to load.",
        )
    arrays: dict[str, Array] = {"scale": model.scale}
    if model.mechanics is not None:
        arrays["links"] = full_parameters(model.mechanics.robot)
        arrays["damping"] = model.mechanics.damping
        arrays["friction"] = model.mechanics.friction
    if model.nets is not None:
        arrays |= {f"nets.{name}": array for name, array in model.nets.arrays().items()}
    document = {"names": list(model.names), "dt": model.dt, "kind": model.kind, "about": about}
    save_checkpoint(path, KIND, document, arrays)


def load_model(path: str | Path, robot: RobotModel) -> tuple[LearnedModel, dict[str, Any]]:
    """Return the model in a file for `robot`, and what was said about it.

    Raises:
        DataError: if the file is missing, damaged or no model.
        ModelError: if it is of another arm.
    """
    document, arrays = load_checkpoint(path, KIND)
    names = tuple(document["names"])
    if names != robot.names:
        raise ModelError(
            path,
            f"it is a model of joints {', '.join(names)}",
            f"Give one of {robot.name}: {', '.join(robot.names)}.",
        )
    mechanics = None
    if "links" in arrays:
        links = np.asarray(arrays["links"], dtype=np.float64)
        mechanics = Mechanics(
            with_full_parameters(robot, links, arrays["damping"], arrays["friction"])
        )
    residual: Residual | None = None
    parts = {name[5:]: array for name, array in arrays.items() if name.startswith("nets.")}
    if parts:
        residual = NetEnsemble.from_arrays(parts, path)
    model = LearnedModel(names, float(document["dt"]), mechanics, residual, arrays["scale"])
    return model, dict(document["about"])
