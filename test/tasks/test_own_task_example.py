"""The example of a user's own task runs, and its task is one like those of the package."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from rl_control.control.batch_cost import ArmCost
from rl_control.interfaces import Task
from rl_control.robot.arm_model import ArmModel
from rl_control.robot.description import load_robot
from rl_control.robot.ik import InverseKinematics
from rl_control.robot.rigid_body import RigidBody
from rl_control.tasks.catalog import make_task
from rl_control.tasks.goal import resolve_goal
from rl_control.types import Trajectory

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "own_task.py"


@pytest.fixture(scope="module")
def task():
    return make_task(f"{EXAMPLE}:Line", load_robot("arm7"), {"duration": 2.0})


@pytest.fixture(scope="module")
def drawn(task):
    """A condition, and joint positions [T+1, n] that draw its line."""
    condition = task.draw(np.random.default_rng(0))
    ik, q, rows = InverseKinematics(task.robot), condition.q, []
    for t in range(task.steps + 1):
        q = resolve_goal(ik, task.goal(condition, t * task.dt).position, None, q, 1e-5).posture
        rows.append(q)
    return condition, np.array(rows)


def motion(task, positions):
    states = np.hstack([positions, np.zeros_like(positions)])
    times = np.arange(len(positions)) * task.dt
    return Trajectory(task.robot.names, times, states, np.zeros((task.steps, task.robot.n)))


def test_when_run_expect_a_line_and_its_parameters(capsys):
    runpy.run_path(str(EXAMPLE), run_name="__main__")
    printed = capsys.readouterr().out
    assert printed.count("tip at") == 3
    assert "(101, 32)" in printed


def test_when_named_by_its_file_expect_a_task(task):
    assert isinstance(task, Task)
    assert (task.name, task.steps, task.tolerance) == ("line", 100, 0.01)


def test_when_the_line_is_drawn_expect_success_and_where_it_is_left_none(task, drawn):
    condition, positions = drawn
    assert task.error(condition, motion(task, positions)) < 1e-4
    assert task.succeeded(condition, motion(task, positions))
    left = positions.copy()
    left[50] += 0.05
    assert not task.succeeded(condition, motion(task, left))
    assert not task.succeeded(condition, motion(task, positions[::-1]))


def test_when_the_line_is_drawn_expect_it_to_cost_less_than_beside_it(task, drawn):
    condition, positions = drawn
    rows = task.rows(condition)
    cost = ArmCost(RigidBody(task.robot), task.cost, task.dt)
    hold = ArmModel(task.robot).gravity_torque

    def total(q):
        efforts = np.array([hold(each) for each in q])
        return float(cost.value(np.hstack([q, np.zeros_like(q)]), efforts, rows).sum())

    assert total(positions) < 0.1 * total(positions + 0.1)
