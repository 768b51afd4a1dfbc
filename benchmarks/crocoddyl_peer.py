"""The canonical problem in Crocoddyl (3.2.1, with pin 4.0.0), built from its own C++ classes only.

Crocoddyl is given every advantage we know of: no Python in the loop, one thread, joint damping
out of the model, bare free-forward dynamics, the torque about g(q0) as a plain control residual,
and no callbacks. Run it alone to see its numbers: python benchmarks/crocoddyl_peer.py
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before the libraries load

import argparse
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import crocoddyl
import numpy as np
import pinocchio as pin
import pybullet_data
from canonical import (
    HORIZONS,
    TIGHT_EFFORT,
    TIP,
    URDF_EFFORT,
    Array,
    Canonical,
    Solved,
    target_postures,
)


@dataclass(frozen=True)
class Arm:
    """An arm as Pinocchio knows it, and the name of its tip frame."""

    model: pin.Model
    tip: str


def load(urdf: str | Path, tip: str) -> Arm:
    """Return the arm in the file `urdf`: gravity 9.81 m/s^2, no joint damping."""
    model = pin.buildModelFromUrdf(str(urdf))
    model.damping = np.zeros(model.nv)
    model.gravity.linear = np.array([0.0, 0.0, -9.81])
    return Arm(model, tip)


def iiwa() -> Arm:
    """Return the canonical arm."""
    return load(Path(pybullet_data.getDataPath()) / "kuka_iiwa" / "model.urdf", TIP)


def tip_positions(arm: Arm, postures: Array) -> Array:
    """Return the tip positions, [B, 3] in [m], of joint vectors [B, n]."""
    data, frame = arm.model.createData(), arm.model.getFrameId(arm.tip)
    tips = []
    for q in postures:
        pin.framesForwardKinematics(arm.model, data, q)
        tips.append(data.oMf[frame].translation.copy())
    return np.array(tips)


def build(problem: Canonical, arm: Arm) -> tuple[Any, Array]:
    """Return the ShootingProblem of `problem`, and g(q0), [n] in [N m]."""
    model = arm.model
    gravity = pin.computeGeneralizedGravity(model, model.createData(), problem.q0)
    steps = [_running(arm, problem, gravity)] * problem.horizon  # one each is no faster
    start = np.concatenate([problem.q0, np.zeros(model.nv)])
    shooting = crocoddyl.ShootingProblem(start, steps, _terminal(arm, problem))
    shooting.nthreads = 1  # its default is every core
    return shooting, gravity


def _running(arm: Arm, problem: Canonical, gravity: Array) -> Any:
    state = crocoddyl.StateMultibody(arm.model)
    w = problem.weights
    costs = _costs(state, arm, problem, w.position, w.velocity)
    effort = crocoddyl.ResidualModelControl(state, gravity)
    costs.addCost("effort", crocoddyl.CostModelResidual(state, effort), w.effort)
    step = _action(state, costs, problem.dt)
    if problem.limits is not None:
        step.u_lb, step.u_ub = -problem.limits, problem.limits
    return step


def _terminal(arm: Arm, problem: Canonical) -> Any:
    state, w = crocoddyl.StateMultibody(arm.model), problem.weights
    costs = _costs(state, arm, problem, w.terminal_position, w.terminal_velocity)
    return _action(state, costs, 0.0)  # a step of 0 s: the cost is not multiplied by dt


def _costs(state: Any, arm: Arm, problem: Canonical, position: float, velocity: float) -> Any:
    costs = crocoddyl.CostModelSum(state)
    frame = arm.model.getFrameId(arm.tip)
    tip = crocoddyl.ResidualModelFrameTranslation(state, frame, problem.target)
    rest = crocoddyl.ResidualModelState(state, np.zeros(state.nx))
    only_velocity = crocoddyl.ActivationModelWeightedQuad(np.repeat([0.0, 1.0], state.nv))
    costs.addCost("tip", crocoddyl.CostModelResidual(state, tip), position)
    costs.addCost("rest", crocoddyl.CostModelResidual(state, only_velocity, rest), velocity)
    return costs


def _action(state: Any, costs: Any, dt: float) -> Any:
    actuation = crocoddyl.ActuationModelFull(state)
    dynamics = crocoddyl.DifferentialActionModelFreeFwdDynamics(state, actuation, costs)
    return crocoddyl.IntegratedActionModelEuler(dynamics, dt, False)


def solve(
    problem: Canonical,
    arm: Arm,
    max_iterations: int = 100,
    threshold: float = 1e-9,
    repeats: int = 5,
) -> Solved:
    """Solve `problem` with FDDP, or BoxFDDP when it has limits.

    Args:
        problem: what to solve, from u = g(q0) and the arm at rest.
        arm: the arm.
        max_iterations: allowed.
        threshold: Crocoddyl's `th_stop`; 1e-9 is FDDP's default.
        repeats: solves of which the median time is taken.
    """
    shooting, gravity = build(problem, arm)
    make = crocoddyl.SolverFDDP if problem.limits is None else crocoddyl.SolverBoxFDDP
    states = [shooting.x0] * (problem.horizon + 1)
    controls = [gravity] * problem.horizon
    make(shooting).solve(states, controls, 1, False)  # the first one pays for memory
    seconds = []
    for _ in range(max(repeats, 1)):
        solver = make(shooting)
        solver.th_stop = threshold
        started = time.perf_counter()
        converged = solver.solve(states, controls, max_iterations, False)
        seconds.append(time.perf_counter() - started)
    return Solved(
        cost=float(solver.cost),
        # `iter` is the index of the last iteration begun, whether or not the loop ran out.
        iterations=min(int(solver.iter) + 1, max_iterations),
        seconds=statistics.median(seconds),
        converged=bool(converged),
        states=np.array(list(solver.xs)),
        controls=np.array(list(solver.us)),
    )


def main() -> None:
    """Print Crocoddyl's own numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threshold", type=float, default=1e-9)
    args = parser.parse_args()
    arm = iiwa()
    targets = tip_positions(arm, target_postures())
    for horizon in HORIZONS:
        for label, limits in (("none", None), ("URDF", URDF_EFFORT), ("tight", TIGHT_EFFORT)):
            rows = [
                solve(Canonical(t, horizon, limits), arm, 100, args.threshold, args.repeats)
                for t in targets
            ]
            each = [row.ms_per_iteration for row in rows]
            count = [row.iterations for row in rows]
            print(
                f"N={horizon:3d} limits={label:5s}"
                f" ms/iteration median {statistics.median(each):.3f}"
                f" (min {min(each):.3f}, max {max(each):.3f}) "
                f" iterations median {statistics.median(count)} (max {max(count)}) "
                f" converged {sum(row.converged for row in rows)}/{len(rows)}"
            )


if __name__ == "__main__":
    main()
