"""The whole solver where nothing can be compiled."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np

PROGRAM = """
import sys
import numpy as np
from rl_control.control.fused import FusedProblem
from rl_control.control.ilqr import Ilqr, IlqrConfig
from rl_control.costs.effort import EffortAbout
from rl_control.costs.schedule import Schedule
from rl_control.costs.sum import CostSum
from rl_control.costs.tip_position import TipPosition
from rl_control.costs.velocity import Velocity
from rl_control.robot.description import load_robot
from rl_control.robot.rigid_body import RigidBody

steps, dt = 12, 0.02
cost = CostSum([TipPosition(), Velocity(2), EffortAbout(2)])
problem = FusedProblem(RigidBody(load_robot("planar2")), cost, dt)
solver = Ilqr(problem, steps, IlqrConfig(iterations=60, tolerance=1e-12, time_budget=60.0))
values = {
    "tip_position.weight": 50.0,
    "tip_position.target": np.array([0.5, 0.0, 0.4]),
    "velocity.weight": 0.1,
    "effort.weight": np.full(2, 1e-3),
    "effort.reference": np.zeros(2),
}
terminal = {"tip_position": 100.0, "velocity": 100.0}
solver.set_parameters(Schedule(cost, steps, dt, values, terminal=terminal).rows)
for bound in (None, np.full(2, 8.0)):
    solver.set_bounds(None if bound is None else -bound, bound)
    found = solver.solve_from(np.array([0.3, 0.4, 0.1, -0.2]), np.zeros((steps, 2)))
    print(found.status.name, file=sys.stderr)
    for array in (found.states, found.controls, found.gains):
        print(*array.ravel())
"""


def solve(jit):
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "RL_CONTROL_JIT": jit},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert result.returncode == 0, result.stderr
    lines = [np.array(line.split(), dtype=float) for line in result.stdout.splitlines()]
    return lines, result.stderr


def test_when_nothing_is_compiled_expect_the_same_trajectories_and_one_warning():
    found, errors = solve("0")
    expected, _ = solve("1")
    assert errors.count("CONVERGED") == 2
    assert errors.count("Warning: ") == 1
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-8)
