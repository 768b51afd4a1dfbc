"""An arm's optimal control problem with everything compiled: dynamics, cost, derivatives, rollout.

State x = (q, v), or (q, v, w) with the previous control w where a cost term asks for it.
"""

from __future__ import annotations

from typing import Any

import casadi as ca
import numpy as np

from rl_control.control.decision import Decision
from rl_control.control.structure import Key, Stage
from rl_control.costs.base import Symbols
from rl_control.costs.sum import CostSum
from rl_control.kernels import BatchFunction, Port, compile_batch, compile_kernel, kernel_lanes
from rl_control.robot.rigid_body import RigidBody
from rl_control.types import Array

_LETTERS = "qvw"


class FusedProblem:
    """Semi-implicit Euler dynamics of an arm under a sum of residual costs, as kernels.

    Implements `Problem`. The running cost is what `cost` says with the row's parameters; time
    steps and terminal multipliers live in those rows.

    Args:
        body: the arm's equations.
        cost: the cost terms.
        dt: time step in [s].
        extra: parameters of each node beyond the cost's, for a subclass.
    """

    def __init__(self, body: RigidBody, cost: CostSum, dt: float, extra: int = 0) -> None:
        self.cost, self.dt = cost, dt
        self.parameters = cost.size + extra
        self.lanes = kernel_lanes()
        self._body, self._n = body, body.robot.n
        blocks = 3 if cost.uses_previous_control else 2
        self._letters = _LETTERS[:blocks]
        symbols, expansion = self._expansion()
        self.stage = self._layout(expansion)
        name = body.robot.identifier
        self._kernels = [
            self._compile_expand(f"{name}_expand", symbols, expansion),
            self._compile_rollout(f"{name}_rollout"),
            self._compile_terminal(f"{name}_terminal"),
        ]
        self._terms = self._compile_terms()
        self.expand_address, self.rollout_address, self.terminal_address = (
            kernel.address for kernel in self._kernels
        )

    def check(self) -> None:
        """Compiled code raises nothing."""

    def cost_by_term(self, states: Array, controls: Array, rows: Array) -> dict[str, float]:
        """Return what each term adds to the cost along a trajectory.

        Args:
            states: [N+1, nx].
            controls: [N, n].
            rows: cost parameters, [N+1, np].
        """
        last = np.zeros((1, self._n))  # no control acts at the last node
        (shares,) = self._terms(states, np.vstack([controls, last]), rows)
        return dict(zip(self.cost.names, shares.sum(axis=0).tolist(), strict=True))

    def _compile_terms(self) -> BatchFunction:
        state = ca.SX.sym("x", self.stage.nx)
        u, p = ca.SX.sym("u", self._n), ca.SX.sym("p", self.cost.size)
        node = dict(zip("qvw", ca.vertsplit(state, self._n), strict=False))
        shares = self.cost.value_by_term(self._symbols({"w": u, "u": u, **node}), p)
        name = f"{self._body.robot.identifier}_terms"
        given = [state, u, p, *self._more_symbols()]
        return compile_batch(ca.Function(name, given, [ca.cse(shares)]))

    def _more_symbols(self) -> list[ca.SX]:
        """Symbols in the body that a subclass gives numbers for."""
        return []

    def _expansion(self) -> tuple[dict[str, ca.SX], dict[str, Any]]:
        """Symbols of a node, and every expression of its linearisation."""
        n, dt = self._n, self.dt
        node = {letter: ca.SX.sym(letter, n) for letter in "qvuw"}
        node["p"] = ca.SX.sym("p", self.cost.size)
        q, v, u = node["q"], node["v"], node["u"]
        a, by_q, by_v, by_u = self._body.acceleration_derivatives(q, v, u, dt)
        faster = v + dt * a
        around = self.cost.gauss_newton(self._symbols(node), node["p"])
        return node, {
            "value": around.value,
            "next": {"q": q + dt * faster, "v": faster, "w": u},
            "gradient": {letter: getattr(around, f"l_{letter}") for letter in "qvwu"},
            "A": {("A", 1, 0): dt * by_q, ("A", 1, 1): ca.SX.eye(n) + dt * by_v},
            "B": {("B", 1): dt * by_u},
            "hessian": around,
        }

    def _dynamics_layout(self) -> tuple[dict[Key, Any], float]:
        """Kinds of A's and B's blocks, and how much of the new speed a position moves by."""
        kinds: dict[Key, Any] = {
            ("A", 0, 0): "identity",
            ("A", 1, 0): "dense",
            ("A", 1, 1): "dense",
            ("B", 1): "dense",
        }
        return kinds, self.dt

    def _symbols(self, node: dict[str, ca.SX]) -> Symbols:
        return Symbols.of(self._body, self.dt, node["q"], node["v"], node["u"], node["w"])

    def _layout(self, expansion: dict[str, Any]) -> Stage:
        kinds, step = self._dynamics_layout()
        if len(self._letters) == 3:
            kinds["B", 2] = "identity"
        for key, block in self._hessian_blocks(expansion).items():
            kind = _kind(block)
            if kind != "zero":
                kinds[key] = kind
        coupling = {(i, i): 1.0 for i in range(len(self._letters))}
        coupling[0, 1] = step
        return Stage((self._n,) * len(self._letters), self._n, kinds, coupling)

    def _hessian_blocks(self, expansion: dict[str, Any]) -> dict[Key, ca.SX]:
        around, letters = expansion["hessian"], self._letters
        blocks: dict[Key, ca.SX] = {("uu",): around.uu}
        for i, row in enumerate(letters):
            crossed = around.uw if row == "w" else getattr(around, f"{row}u").T
            blocks["ux", i] = crossed
            for j, column in enumerate(letters[i:], i):
                blocks["xx", i, j] = getattr(around, row + column)
        return blocks

    def _compile_expand(self, name: str, node: dict[str, ca.SX], expansion: dict[str, Any]) -> Any:
        stage = self.stage
        state = ca.SX.sym("x", stage.padded_nx)
        values = ca.substitute(
            [self._stage_vector(expansion)],
            [*(node[letter] for letter in self._letters), node["u"], node["p"]],
            [*self._split(state), node["u"], node["p"]],
        )
        function = ca.Function(name, [state, node["u"], node["p"]], ca.cse(list(values)))
        inputs = [
            Port("rows", stage.padded_nx),
            Port("rows", stage.padded_nu),
            Port("rows", max(self.parameters, 1)),
        ]
        return compile_kernel(function, inputs, [Port("rows", stage.size)], name)

    def _stage_vector(self, expansion: dict[str, Any]) -> ca.SX:
        """A node's linearisation as it lies in memory, [stage size]."""
        stage = self.stage
        out = [ca.SX(0)] * stage.size
        for i, letter in enumerate(self._letters):
            _put(out, stage.lx + stage.starts[i], expansion["gradient"][letter])
            _put(out, stage.next_state + stage.starts[i], expansion["next"][letter])
        _put(out, stage.lu, expansion["gradient"]["u"])
        out[stage.value] = expansion["value"]
        matrices = {**expansion["A"], **expansion["B"], **self._hessian_blocks(expansion)}
        for key, matrix in matrices.items():
            self._place(out, key, matrix)
        return ca.vertcat(*out)

    def _place(self, out: list[ca.SX], key: Key, matrix: ca.SX) -> None:
        stage = self.stage
        block = stage.block(*key)
        if block.kind == "diagonal":
            _put(out, block.offset, ca.diag(matrix))
        if block.kind == "dense":
            rows, columns = stage.shape(key)
            for i in range(rows):
                _put(out, block.offset + i * stage.pad(columns), ca.densify(matrix)[i, :].T)

    def _compile_rollout(self, name: str) -> Any:
        stage = self.stage
        decide = Decision.of(stage)
        state, u = decide.state, decide.control
        p, gap = ca.SX.sym("p", self.parameters), ca.SX.sym("gap", stage.padded_nx)
        node = self._rolled_node(state, u)
        a = self._body.forward_dynamics(node["q"], node["v"], u, self.dt)
        faster = node["v"] + self.dt * a
        moved = ca.vertcat(node["q"] + self.dt * faster, faster, u)[: stage.nx]
        moved = moved - (1 - decide.alpha) * gap[list(stage.positions)]
        cost = state[stage.nx] + self.cost.value(self._symbols(node), p)
        function = ca.Function(
            name,
            [state, *decide.nominal, p, gap, decide.alpha, *decide.bounds],
            ca.cse([ca.vertcat(moved, cost), u]),
        )
        inputs = [
            Port("lanes"),
            *Decision.nominal_ports(stage),
            Port("uniform", max(self.parameters, 1)),
            Port("uniform", stage.padded_nx),
            Port("lanes", step=0),
            Port("uniform"),
            Port("uniform"),
        ]
        return compile_kernel(function, inputs, [Port("lanes"), Port("lanes")], name)

    def _rolled_node(self, state: ca.SX, u: ca.SX) -> dict[str, ca.SX]:
        """A node's symbols by letter, from a lane's state and control."""
        parts = ca.vertsplit(ca.vertcat(state[: self.stage.nx], u), self._n)
        return {**dict(zip("qvw", parts, strict=False)), "u": u}

    def _compile_terminal(self, name: str) -> Any:
        function = self._terminal_function(name)
        return compile_kernel(function, [Port("lanes"), Port("uniform")], [Port("lanes")], name)

    def _terminal_function(self, name: str) -> ca.Function:
        nx = self.stage.nx
        state, p = ca.SX.sym("state", nx + 1), ca.SX.sym("p", self.parameters)
        zero = ca.SX.zeros(self._n)
        node = dict(zip("qvw", ca.vertsplit(state[:nx], self._n), strict=False))
        node = {"w": zero, "u": zero, **node}
        cost = state[nx] + self.cost.value(self._symbols(node), p[: self.cost.size])
        return ca.Function(name, [state, p, *self._more_symbols()], [cost])

    def _split(self, padded_state: ca.SX) -> list[ca.SX]:
        starts = self.stage.starts
        return [padded_state[start : start + self._n] for start in starts[: len(self._letters)]]


def _put(out: list[ca.SX], offset: int, column: ca.SX) -> None:
    for i, entry in enumerate(ca.vertsplit(ca.densify(column))):
        out[offset + i] = entry


def _kind(matrix: ca.SX) -> str:
    sparsity = ca.sparsify(matrix).sparsity()
    if sparsity.nnz() == 0:
        return "zero"
    return "diagonal" if sparsity.is_diag() else "dense"
