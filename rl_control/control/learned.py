"""An arm's optimal control problem on a learned model, compiled: nothing is Python while it runs.

The acceleration is that of the rigid body with parameters in memory, plus the mean of an ensemble
of neural networks with weights in memory; either may be left out. So a model learned anew is taken
over between two solves by writing numbers. Where members of the ensemble disagree there are no
data, and a cost on the disagreement keeps plans away from there:

    factor / 2 sum_k |S (f_k - mean f)|^2 / K,   S the inverse of the accelerations' scale,

with factor the last cost parameter of each node; Gauss-Newton, like every other cost.
"""

from __future__ import annotations

from typing import Any

import casadi as ca
import numpy as np

from rl_control.control.blend import Blend
from rl_control.control.decision import Decision
from rl_control.control.doubt import doubt_size, with_doubt
from rl_control.control.fused import FusedProblem
from rl_control.control.structure import Key
from rl_control.costs.sum import CostSum
from rl_control.errors import ModelError
from rl_control.kernels import Bound, Call, Kernel, Port, compile_kernel, compile_sequence
from rl_control.models.learned import LearnedModel
from rl_control.models.net_kernels import NetKernels, feature_expression
from rl_control.robot.model import RobotModel
from rl_control.robot.parameters import parameter_count
from rl_control.robot.rigid_body import RigidBody
from rl_control.types import Array


class LearnedProblem(FusedProblem):
    """`FusedProblem` on a `LearnedModel`; other models of the same shape can be loaded.

    Positions move with the mean of the speeds at a step's ends, as the model's do.

    Args:
        robot: the arm: kinematics and names; its masses are not used.
        cost: the cost terms; gravity in them is the model's rigid body's.
        model: what is loaded first.

    Attributes:
        doubts: whether the last parameter of each node weighs the members' disagreement.
    """

    def __init__(self, robot: RobotModel, cost: CostSum, model: LearnedModel) -> None:
        self._rigid = model.mechanics is not None
        self._theta = np.zeros(parameter_count(robot))
        self._symbol = ca.SX.sym("theta", len(self._theta))
        nets = model.nets
        self._blend: Blend | None = None
        if nets is not None:
            kernels = NetKernels(nets.features, nets.members, nets.hidden)
            self._blend = Blend(kernels, f"{robot.identifier}_blend")
        self.doubts = self._blend is not None and self._blend.doubts
        super().__init__(RigidBody(robot, self._symbol), cost, model.dt, extra=int(self.doubts))
        self.load(model)

    def check_shape(self, model: LearnedModel) -> None:
        """Refuse a model that this problem was not compiled for.

        Raises:
            ModelError: if it is of another arm, time step, kind or size.
        """
        names = self._body.robot.names
        if model.names != names or abs(model.dt - self.dt) > 1e-9:
            raise ModelError(
                "model",
                f"found joints {', '.join(model.names)} and steps of {model.dt:g} s",
                f"Give a model of {', '.join(names)} with {self.dt:g} s.",
            )
        learned = model.residual is not None
        known = not learned or model.nets is not None  # a Gaussian process has no kernel
        if not known or (model.mechanics is not None, learned) != (
            self._rigid,
            self._blend is not None,
        ):
            raise ModelError(
                "model",
                f"found one of kind '{model.kind}', which is not what was compiled",
                "Start the controller again to change the kind of its model.",
            )
        if self._blend is not None and model.nets is not None:
            self._blend.nets.check_shape(model.nets)

    def load(self, model: LearnedModel) -> None:
        """Compute with `model` from now on; not while a solve runs.

        Raises:
            ModelError: if it does not fit, see `check_shape`.
        """
        self.check_shape(model)
        if self._blend is not None and model.nets is not None:
            self._blend.nets.load(model.nets)
            self._blend.scale[:] = 1.0 / (model.nets.output_scale**2 * model.nets.members)
        if model.mechanics is not None:
            self._theta[:] = model.mechanics.parameters

    def _expansion(self) -> tuple[dict[str, ca.SX], dict[str, Any]]:
        n, dt = self._n, self.dt
        node = {letter: ca.SX.sym(letter, n) for letter in "qvuw"}
        node |= {"p": ca.SX.sym("p", self.parameters), "theta": self._symbol}
        q, v, u = node["q"], node["v"], node["u"]
        a, by_q, by_v, by_u = ca.SX(n, 1), ca.SX(n, n), ca.SX(n, n), ca.SX(n, n)
        if self._rigid:
            a, by_q, by_v, by_u = self._body.acceleration_derivatives(q, v, u, dt)
        around = self.cost.gauss_newton(self._symbols(node), node["p"][: self.cost.size])
        if self._blend is not None:
            node |= {"r": ca.SX.sym("r", n), "slopes": ca.SX.sym("slopes", 3 * n * n)}
            slopes = ca.reshape(node["slopes"], 3 * n, n).T
            a, by_q = a + node["r"], by_q + slopes[:, :n]
            by_v, by_u = by_v + slopes[:, n : 2 * n], by_u + slopes[:, 2 * n :]
        if self.doubts:
            node |= {"doubt": ca.SX.sym("doubt", doubt_size(n))}
            around = with_doubt(around, node["doubt"], node["p"][-1], n)
        faster = v + dt * a
        half = 0.5 * dt
        return node, {
            "value": around.value,
            "next": {"q": q + half * (v + faster), "v": faster, "w": u},
            "gradient": {letter: getattr(around, f"l_{letter}") for letter in "qvwu"},
            "A": {
                ("A", 0, 1): half * ca.SX.eye(n),
                ("A", 1, 0): dt * by_q,
                ("A", 1, 1): ca.SX.eye(n) + dt * by_v,
            },
            "B": {("B", 1): dt * by_u},
            "hessian": around,
        }

    def _dynamics_layout(self) -> tuple[dict[Key, Any], float]:
        kinds, _ = super()._dynamics_layout()
        return {**kinds, ("A", 0, 1): "diagonal"}, 0.5 * self.dt

    def _compile_expand(self, name: str, node: dict[str, ca.SX], expansion: dict[str, Any]) -> Any:
        stage, lanes = self.stage, self.lanes
        x, u = ca.SX.sym("x", stage.padded_nx), node["u"]
        more = [node[key] for key in ("theta", "r", "slopes", "doubt") if key in node]
        given = [*(node[letter] for letter in self._letters), u, node["p"], *more]
        at = [*self._split(x), u, node["p"], *more]
        values = ca.substitute([self._stage_vector(expansion)], given, at)
        extra = [Port("uniform", len(self._theta), step=0), *[Port("lanes")] * (len(more) - 1)]
        inputs = [
            Port("rows", stage.padded_nx),
            Port("rows", stage.padded_nu),
            Port("rows", max(self.parameters, 1)),
            *extra,
        ]
        whole = compile_kernel(
            ca.Function(name, [x, u, node["p"], *more], ca.cse(list(values))),
            inputs,
            [Port("rows", stage.size)],
            name,
        )
        at_x, at_u = Bound(0, lanes * stage.padded_nx), Bound(1, lanes * stage.padded_nu)
        at_p, out = Bound(2, lanes * max(self.parameters, 1)), Bound(3, lanes * stage.size)
        calls: list[Call] = []
        found: list[Array] = []
        if self._blend is not None:
            see = self._see(f"{name}_features", x, u, self._split(x)[:2], inputs[:2])
            blend, found = self._blend.slopes()
            calls.append(Call(see, [at_x, at_u, self._blend.nets.inputs]))
            calls += [*self._blend.nets.forward_and_back(), *blend]
        calls.append(Call(whole, [at_x, at_u, at_p, self._theta, *found, out]))
        return compile_sequence(calls, name)

    def _compile_rollout(self, name: str) -> Any:
        n, lanes, stage = self._n, self.lanes, self.stage
        state, following = Bound(0, (stage.nx + 1) * lanes), Bound(10, (stage.nx + 1) * lanes)
        ports = Decision.nominal_ports(stage)
        nominal = [Bound(1 + k, port.stride) for k, port in enumerate(ports)]
        p, gap = Bound(5, max(self.parameters, 1)), Bound(6, stage.padded_nx)
        alpha, bounds, controls = Bound(7, 0), (Bound(8, 0), Bound(9, 0)), Bound(11, n * lanes)
        calls = [Call(self._decide(f"{name}_decide"), [state, *nominal, alpha, *bounds, controls])]
        found: list[Array] = []
        if self._blend is not None:
            x, u = ca.SX.sym("x", stage.nx + 1), ca.SX.sym("u", n)
            see = self._see(f"{name}_features", x, u, [x[:n], x[n : 2 * n]], [Port("lanes")] * 2)
            blend, found = self._blend.values()
            calls.append(Call(see, [state, controls, self._blend.nets.inputs]))
            calls += [*self._blend.nets.forward(), *blend]
        given: list[Array | Bound] = [
            state,
            controls,
            p,
            gap,
            alpha,
            self._theta,
            *found,
            following,
        ]
        calls.append(Call(self._move(f"{name}_move"), given))
        return compile_sequence(calls, name)

    def _see(self, name: str, x: ca.SX, u: ca.SX, parts: list[ca.SX], ports: list[Port]) -> Kernel:
        """What the networks see of a node whose q and v are `parts` of x."""
        assert self._blend is not None
        seen = feature_expression(self._blend.nets.features, parts[0], parts[1], u)
        return compile_kernel(ca.Function(name, [x, u], [seen]), ports, [Port("lanes")], name)

    def _decide(self, name: str) -> Kernel:
        """The control of every lane."""
        it = Decision.of(self.stage)
        function = ca.Function(
            name, [it.state, *it.nominal, it.alpha, *it.bounds], [ca.cse(it.control)]
        )
        ports = [Port("lanes"), *Decision.nominal_ports(self.stage), Port("lanes", step=0)]
        same = Port("uniform", step=0)
        return compile_kernel(function, [*ports, same, same], [Port("lanes")], name)

    def _move(self, name: str) -> Kernel:
        """The next state, and the cost so far, of every lane."""
        stage, n, dt = self.stage, self._n, self.dt
        state, u = ca.SX.sym("state", stage.nx + 1), ca.SX.sym("u", n)
        p, gap = ca.SX.sym("p", self.parameters), ca.SX.sym("gap", stage.padded_nx)
        alpha, node = ca.SX.sym("alpha"), self._rolled_node(state, u)
        learned = [] if self._blend is None else [ca.SX.sym("r", n)]
        a = learned[0] if learned else ca.SX(n, 1)
        if self._rigid:
            a = a + self._body.forward_dynamics(node["q"], node["v"], u, dt)
        cost = state[stage.nx] + self.cost.value(self._symbols(node), p[: self.cost.size])
        if self.doubts:
            learned.append(ca.SX.sym("doubt"))
            cost = cost + p[-1] * learned[1]
        faster = node["v"] + dt * a
        moved = ca.vertcat(node["q"] + 0.5 * dt * (node["v"] + faster), faster, u)[: stage.nx]
        moved = moved - (1 - alpha) * gap[list(stage.positions)]
        function = ca.Function(
            name,
            [state, u, p, gap, alpha, self._symbol, *learned],
            [ca.cse(ca.vertcat(moved, cost))],
        )
        inputs = [
            Port("lanes"),
            Port("lanes"),
            Port("uniform", max(self.parameters, 1)),
            Port("uniform", stage.padded_nx),
            Port("lanes", step=0),
            Port("uniform", len(self._theta), step=0),
            *[Port("lanes")] * len(learned),
        ]
        return compile_kernel(function, inputs, [Port("lanes")], name)

    def _compile_terminal(self, name: str) -> Any:
        whole = self._terminal_function(name)
        ports = [Port("lanes"), Port("uniform"), Port("uniform", len(self._theta), step=0)]
        kernel = compile_kernel(whole, ports, [Port("lanes")], name)
        return compile_sequence(
            [Call(kernel, [Bound(0, 0), Bound(1, 0), self._theta, Bound(2, 0)])], name
        )

    def cost_by_term(self, states: Array, controls: Array, rows: Array) -> dict[str, float]:
        """Return what each term adds to the cost along a trajectory, the members' doubt left out.

        Args:
            states: [N+1, nx].
            controls: [N, n].
            rows: cost parameters, [N+1, np].
        """
        last = np.zeros((1, self._n))
        costs = rows[:, : self.cost.size]
        (shares,) = self._terms(states, np.vstack([controls, last]), costs, self._theta)
        return dict(zip(self.cost.names, shares.sum(axis=0).tolist(), strict=True))

    def _more_symbols(self) -> list[ca.SX]:
        return [self._symbol]
