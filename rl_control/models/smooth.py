"""A learned model as sampling planners roll it out: on arrays or tensors, without dry friction.

Dry friction sticks: plans are made without it, and commands overcome it (see `ArmFunctions`).
"""

from __future__ import annotations

from typing import Any, Protocol

import casadi as ca
import numpy as np

from rl_control.errors import ModelError
from rl_control.kernels.arrays import library, normal
from rl_control.kernels.compute import Compute
from rl_control.models.learned import LearnedModel
from rl_control.models.nets import NetEnsemble
from rl_control.robot.model import RobotModel
from rl_control.robot.parameters import parameter_count
from rl_control.robot.rigid_body import RigidBody


class _Nets(Protocol):
    """`NetEnsemble` or `TensorNets`."""

    def mean(self, x: Any, u: Any) -> Any: ...

    def members_mean(self, x: Any, u: Any) -> Any: ...

    def sample(self, x: Any, u: Any, member: Any, rng: Any) -> Any: ...


class SmoothModel:
    """Steps and samples of a `LearnedModel`; others of its arm can be loaded.

    Args:
        robot: the arm: its chain; its masses are not used.
        model: what is loaded first.
        compute: where.

    Attributes:
        dt: time step in [s].
        members: how many models `sample` may choose from.
        parameters: of the rigid body, placed; zeros where there is none.
    """

    def __init__(self, robot: RobotModel, model: LearnedModel, compute: Compute) -> None:
        n = robot.n
        self.dt, self._n, self._compute = model.dt, n, compute
        q, v, u = (ca.SX.sym(letter, n) for letter in "qvu")
        theta = ca.SX.sym("theta", parameter_count(robot))
        a = RigidBody(robot, theta).forward_dynamics(q, v, u, model.dt)
        name = f"{robot.identifier}_smooth"
        self._rigid = compute.compile(ca.Function(name, [q, v, u, theta], [ca.cse(a)]))
        self._names, self._size = robot.names, parameter_count(robot)
        self.load(model)

    def check(self, model: LearnedModel) -> None:
        """Refuse a model that cannot be loaded.

        Raises:
            ModelError: if it is of another arm or step, or what it learned is no network.
        """
        if model.names != self._names or abs(model.dt - self.dt) > 1e-9:
            raise ModelError(
                "model",
                f"found joints {', '.join(model.names)} and steps of {model.dt:g} s",
                f"Give a model of {', '.join(self._names)} with {self.dt:g} s.",
            )
        if model.residual is not None and model.nets is None:
            raise ModelError(
                "model",
                f"a model of kind '{model.kind}' is too slow to plan on",
                "Fit one whose residual is none, net or ensemble.",
            )

    def load(self, model: LearnedModel) -> None:
        """Compute with `model` from now on.

        Raises:
            ModelError: if it does not fit, see `check`.
        """
        self.check(model)
        place, rigid = self._compute.place, model.mechanics
        self.members = model.members
        self._has_rigid = rigid is not None
        self.parameters = place(np.zeros(self._size) if rigid is None else rigid.parameters)
        self._scale = place(model.scale)
        self._nets = None if model.nets is None else self._placed(model.nets)

    def step(self, x: Any, u: Any) -> Any:
        """Return the next states, [B, 2n], of states x [B, 2n] under efforts u [B, n]."""
        learned = 0.0 if self._nets is None else self._nets.mean(x, u)
        return self._moved(x, self._acceleration(x, u) + learned)

    def sample(self, x: Any, u: Any, member: Any, rng: Any) -> Any:
        """Draw next states, [B, 2n], each by the member that `member` [B] names."""
        if self._nets is None:
            mean = self.step(x, u)
            return mean + self._scale * normal(rng, mean.shape, mean)
        learned = self._nets.sample(x, u, member, rng)
        return self._moved(x, self._acceleration(x, u) + learned)

    def members_mean(self, x: Any, u: Any) -> Any:
        """Return what each network adds to the acceleration, [K, B, n]; there must be some."""
        assert self._nets is not None
        return self._nets.members_mean(x, u)

    def _placed(self, nets: NetEnsemble) -> _Nets:
        if not self._compute.tensors:
            return nets
        from rl_control.models.tensor_nets import TensorNets

        return TensorNets(nets, self._compute.place)

    def _acceleration(self, x: Any, u: Any) -> Any:
        if not self._has_rigid:
            return library(u).zeros_like(u)
        n = self._n
        return self._rigid(x[:, :n], x[:, n:], u, self.parameters)[0]

    def _moved(self, x: Any, a: Any) -> Any:
        q, v = x[:, : self._n], x[:, self._n :]
        faster = v + self.dt * a
        return library(x).concatenate([q + 0.5 * self.dt * (v + faster), faster], 1)
