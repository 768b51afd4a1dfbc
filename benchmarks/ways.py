"""One reach on a learned model in several ways: compiled, numpy by hand, and torch."""

from __future__ import annotations

import ctypes
import time
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from torch_peer import CompiledNets, JacrevNets, VjpNets
from turns import Times

from rl_control.control import loop
from rl_control.control.batch import BatchProblem
from rl_control.control.batch_cost import ArmCost
from rl_control.control.ilqr import Ilqr, IlqrConfig
from rl_control.control.learned import LearnedProblem
from rl_control.models.holding import hold_torque
from rl_control.models.learned import LearnedModel
from rl_control.robot.model import RobotModel
from rl_control.robot.rigid_body import RigidBody
from rl_control.tasks.reach import reach_cost
from rl_control.types import Array

REPEATS = 10  # that are timed one after another

_CALL = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)


@dataclass(frozen=True)
class Way:
    """One way of solving the problem.

    Attributes:
        solver: holds the problem, its parameters and bounds.
        guess: first states [N+1, 2n] and the controls [N, n] that lead to them.
        model: what linearises; None where the whole expansion is one call.
    """

    solver: Ilqr
    guess: tuple[Array, Array]
    model: LearnedModel | None = None

    def iterate(self) -> tuple[float, float]:
        """Improve the guess once; return the time in [ms] and the cost reached.

        An accepted iteration is one expansion, one sweep and one rollout of all step sizes. What
        follows a refused one has no expansion, so that means over whole solves cannot be compared.
        """
        work, steps, (states, controls) = self.solver.work, self.solver.steps, self.guess
        work.x[: steps + 1, work.positions] = states
        work.u[:steps, : controls.shape[1]] = controls
        work.active[:] = 0
        rules = self.solver.rules
        began = time.perf_counter()
        outcome = loop.solve(work, steps, True, rules)
        spent = 1e3 * (time.perf_counter() - began)
        self.solver.problem.check()
        if not outcome.step_size > 0.0:
            raise RuntimeError("the iteration was refused: choose a guess that can be improved")
        return spent, outcome.cost

    def iterations(self) -> Times:
        """Return times of one iteration."""
        return [self.iterate()[0] for _ in range(REPEATS)]

    def expansions(self) -> Times:
        """Return times of linearising all nodes of the newest trajectory."""
        work, steps = self.solver.work, self.solver.steps
        if self.model is None:
            lanes = self.solver.problem.lanes
            expand = partial(
                _CALL(self.solver.problem.expand_address),
                work.expand_table.ctypes.data,
                -(-(steps + 1) // lanes),
            )
        else:
            x = work.x[: steps + 1, work.positions]
            expand = partial(self.model.linearize, x, work.u[: steps + 1, : self.model.nu])
        times = []
        for _ in range(REPEATS):
            began = time.perf_counter()
            expand()
            times.append(1e3 * (time.perf_counter() - began))
        return times


def ways(robot: RobotModel, model: LearnedModel, rows: Array, compiler: bool) -> dict[str, Way]:
    """Return the reach from home, in every way; dry friction is in none of them.

    Args:
        robot: the arm, with the limits that control may use.
        model: rigid body and networks, or networks alone.
        rows: parameters of the reach's cost at every node, [N+1, np].
        compiler: whether `torch.compile` is among the ways.
    """
    nets = model.nets
    assert nets is not None, "a model without networks needs no torch"
    smooth, body = model, RigidBody(replace(robot, gravity=np.zeros(3)))
    if model.mechanics is not None:
        smooth = replace(model, mechanics=model.mechanics.without_dry_friction())
        body = RigidBody(model.mechanics.robot)
    cost = ArmCost(body, reach_cost(robot), model.dt)
    bound, steps = robot.limits.effort, len(rows) - 1
    controls = np.tile(np.clip(hold_torque(model, robot.home), -bound, bound), (steps, 1))
    start = np.concatenate([robot.home, np.zeros(robot.n)])

    def way(problem: LearnedProblem | BatchProblem, given: LearnedModel | None = None) -> Way:
        # The compiled way alone weighs the members' disagreement, here with zero.
        more = np.zeros((len(rows), problem.parameters - rows.shape[1]))
        solver = Ilqr(problem, steps, IlqrConfig(iterations=1))
        solver.set_bounds(-bound, bound)
        solver.set_parameters(np.hstack([rows, more]))
        # Every way starts from its own rollout: rounding alone must not open gaps.
        work = solver.work
        work.u[:steps, : robot.n] = controls
        loop.follow(work, steps, start)
        return Way(solver, (work.x[: steps + 1, work.positions], controls), given)

    batch = {"numpy, by hand": smooth}
    writings = {"vmap(jacrev)": JacrevNets, "vmap(vjp)": VjpNets}
    if compiler:
        writings["compiled"] = CompiledNets
    for writing, kind in writings.items():
        for dtype, bits in ((torch.float64, 64), (torch.float32, 32)):
            name = f"torch f{bits} {writing}"
            batch[name] = replace(smooth, residual=kind(nets, dtype))
    made = {"compiled": way(LearnedProblem(robot, reach_cost(robot), model))}
    return made | {name: way(BatchProblem(one, cost), one) for name, one in batch.items()}
