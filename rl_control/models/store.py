"""Learned models on disk: one file each, with all that tells whether it is the right one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from rl_control.data.checkpoint import load_checkpoint, save_checkpoint
from rl_control.errors import ModelError
from rl_control.models.features import Features
from rl_control.models.gaussian_process import GaussianProcess
from rl_control.models.learned import LearnedModel, Residual
from rl_control.models.mechanics import Mechanics
from rl_control.models.nets import NetEnsemble
from rl_control.robot.model import RobotModel
from rl_control.robot.parameters import full_parameters, with_full_parameters
from rl_control.types import Array

KIND = "dynamics model"
_NETS, _GP = "nets.", "gp."
_NOT_ARRAYS = ("names", "features")  # fields of a Gaussian process that are known otherwise


def save_model(path: str | Path, model: LearnedModel, about: Mapping[str, Any]) -> None:
    """Write `model` to one file, whole or not at all.

    Args:
        path: of the file.
        model: its residual must be a `NetEnsemble`, a `GaussianProcess`, or none.
        about: where it comes from (version, seconds of motion, digest of the data, errors).

    Raises:
        ModelError: if the residual is of a kind that has no file form here.
        DataError: if the file cannot be written.
    """
    arrays: dict[str, Array] = {"scale": model.scale, **_residual_arrays(path, model.residual)}
    if model.mechanics is not None:
        arrays["links"] = full_parameters(model.mechanics.robot)
        arrays["damping"] = model.mechanics.damping
        arrays["friction"] = model.mechanics.friction
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
    residual = _residual(path, names, arrays)
    model = LearnedModel(names, float(document["dt"]), mechanics, residual, arrays["scale"])
    return model, dict(document["about"])


def _residual_arrays(path: str | Path, residual: Residual | None) -> dict[str, Array]:
    if residual is None:
        return {}
    if isinstance(residual, NetEnsemble):
        return {_NETS + name: array for name, array in residual.arrays().items()}
    if isinstance(residual, GaussianProcess):
        found = {_GP + name: getattr(residual, name) for name in _gp_arrays()}
        return {f"{_GP}turning": np.array(residual.features.turning, dtype=np.float64), **found}
    raise ModelError(
        path,
        f"a residual of kind {type(residual).__name__} is not kept in a model file",
        "Fit networks or a Gaussian process.",
    )


def _residual(
    path: str | Path, names: tuple[str, ...], arrays: Mapping[str, Array]
) -> Residual | None:
    nets, gp = (
        {name.removeprefix(kind): array for name, array in arrays.items() if name.startswith(kind)}
        for kind in (_NETS, _GP)
    )
    if nets:
        return NetEnsemble.from_arrays(nets, path)
    if not gp:
        return None
    for name in ("turning", *_gp_arrays()):
        if name not in gp or not np.isfinite(gp[name]).all():
            problem = f"'{name}' is {'not finite' if name in gp else 'missing'}"
            raise ModelError(path, problem, "Fit the model again.")
    features = Features(tuple(bool(turns) for turns in gp.pop("turning")))
    return GaussianProcess(names, features, **gp)


def _gp_arrays() -> list[str]:
    return [field.name for field in fields(GaussianProcess) if field.name not in _NOT_ARRAYS]
