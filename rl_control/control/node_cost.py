"""What a node of an arm's problem costs, on arrays or tensors, for planners without derivatives."""

from __future__ import annotations

from typing import Any, Protocol

import casadi as ca
import numpy as np

from rl_control.control.rollouts import NodeCost
from rl_control.costs.base import Symbols
from rl_control.costs.sum import CostSum
from rl_control.errors import ConfigError
from rl_control.kernels.compute import Compute
from rl_control.robot.rigid_body import RigidBody


class Disagreeing(Protocol):
    """A model whose members may disagree."""

    def members_mean(self, x: Any, u: Any) -> Any:
        """Return each member's part of the acceleration, [K, B, n]."""
        ...


class ArmNodeCost:
    """The value of a `CostSum` on batches, as a `NodeCost` over x = (q, v).

    Args:
        body: the arm's equations, with parameters as symbols or without.
        cost: the terms.
        dt: time step in [s].
        compute: where.

    Attributes:
        parameters: of the equations, placed; to be set where the body's are symbols.

    Raises:
        ConfigError: if a term needs the previous control, which this state does not hold.
    """

    def __init__(self, body: RigidBody, cost: CostSum, dt: float, compute: Compute) -> None:
        if cost.uses_previous_control:
            term = next(t.name for t in cost.terms if t.uses_previous_control)
            raise ConfigError(
                "cost",
                term,
                "it depends on the previous control, which a state (q, v) does not hold",
                "Leave it out, or use FusedProblem.",
            )
        s, p = Symbols.of(body, dt), ca.SX.sym("p", cost.size)
        inputs = [ca.vertcat(s.q, s.v), s.u, p]
        self._named = body.parameters.numel() > 0
        if self._named:
            inputs.append(body.parameters)
        self.parameters = compute.place(np.zeros(body.parameters.numel()))
        name = f"{body.robot.identifier}_node_cost"
        self._value = compute.compile(ca.Function(name, inputs, [ca.cse(cost.value(s, p))]))

    def value(self, x: Any, u: Any, p: Any) -> Any:
        """Return the cost, [B], at x [B, 2n], u [B, n] with parameters p [B, np]."""
        more = [self.parameters] if self._named else []
        return self._value(x, u, p, *more)[0][:, 0]


class DoubtfulCost:
    """A cost with one more parameter: the weight of the members' disagreement.

        weight / 2 sum_k |S (f_k - mean f)|^2 / K,   S the inverse of the accelerations' scale,

    as in `LearnedProblem`. Where members disagree there were no data.

    Args:
        cost: the rest; its parameters come first.
        model: whose members.

    Attributes:
        scale: of the accelerations, [n], placed; to be set whenever the model is exchanged.
    """

    def __init__(self, cost: NodeCost, model: Disagreeing) -> None:
        self._cost, self._model = cost, model
        self.scale: Any = 1.0

    def value(self, x: Any, u: Any, p: Any) -> Any:
        """Return the cost, [B], at x [B, 2n], u [B, n] with parameters p [B, np + 1]."""
        means = self._model.members_mean(x, u) / self.scale
        away = ((means - means.mean(0)) ** 2).sum(-1).mean(0)
        return self._cost.value(x, u, p[:, :-1]) + 0.5 * p[:, -1] * away
