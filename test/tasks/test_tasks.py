"""Tasks: what they draw, what they cost, when they have succeeded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rl_control.control.batch_cost import ArmCost
from rl_control.errors import ConfigError, ShapeError, UnknownNameError, UnreachableTargetError
from rl_control.interfaces import Task
from rl_control.robot.description import load_robot
from rl_control.robot.kinematics import Kinematics
from rl_control.robot.model import RobotModel
from rl_control.robot.rigid_body import RigidBody
from rl_control.tasks.base import ArmTask
from rl_control.tasks.catalog import TASKS, find_task, make_task
from rl_control.types import Array, Trajectory


@pytest.fixture(scope="module")
def arm() -> RobotModel:
    return load_robot("iiwa7")


@pytest.fixture(scope="module", params=list(TASKS))
def task(request: pytest.FixtureRequest, arm: RobotModel) -> ArmTask:
    if request.param == "insert":
        return make_task("insert", load_robot("iiwa7+peg"))
    return make_task(request.param, arm)


def motion(task: ArmTask, positions: Array) -> Trajectory:
    """Joint positions [T+1, n] as a run of the task's duration."""
    states = np.hstack([positions, np.zeros_like(positions)])
    times = np.linspace(0.0, task.duration, len(positions))
    return Trajectory(task.robot.names, times, states, np.zeros((len(times) - 1, task.robot.n)))


def perfect(task: ArmTask, seed: int = 0) -> tuple[object, Array]:
    """A condition, and joint positions that are always where they should be."""
    condition = task.draw(np.random.default_rng(seed))
    times = np.linspace(0.0, task.duration, 201)
    return condition, np.array([task.goal(condition, float(t)).posture for t in times])


def test_when_drawn_with_one_seed_expect_one_condition_within_the_limits(task: ArmTask) -> None:
    assert isinstance(task, Task)
    first, second = (task.draw(np.random.default_rng(7)) for _ in range(2))
    other = task.draw(np.random.default_rng(8))
    np.testing.assert_array_equal(first.goal.position, second.goal.position)
    np.testing.assert_array_equal(first.goal.posture, second.goal.posture)
    assert not np.allclose(first.goal.position, other.goal.position)
    limits = task.robot.limits
    assert (first.q >= limits.lower).all() and (first.q <= limits.upper).all()
    assert not first.v.any()


def test_when_the_arm_does_what_is_wanted_expect_success_and_next_to_no_cost(task: ArmTask) -> None:
    condition, positions = perfect(task)
    run = motion(task, positions)
    assert task.error(condition, run) < 3e-3  # type: ignore[arg-type]
    assert task.succeeded(condition, run)  # type: ignore[arg-type]
    away = motion(task, positions + 0.2)
    assert not task.succeeded(condition, away)  # type: ignore[arg-type]
    rows = task.rows(condition)  # type: ignore[arg-type]
    assert rows.shape == (task.steps + 1, task.cost.size)
    body = RigidBody(task.robot)
    cost = ArmCost(body, task.cost, task.dt)
    model = _gravity(task.robot)
    times = np.arange(task.steps + 1) * task.dt

    def total(shift: float) -> float:
        q = np.array([task.goal(condition, t).posture for t in times]) + shift  # type: ignore[arg-type]
        u = np.array([model(row) for row in q])
        return float(cost.value(np.hstack([q, np.zeros_like(q)]), u, rows).sum())

    assert total(0.0) < 1e-2 * total(0.2)


def _gravity(robot: RobotModel):
    from rl_control.robot.arm_model import ArmModel

    return ArmModel(robot).gravity_torque


def test_when_trained_on_expect_as_many_situations_as_asked_for(task: ArmTask) -> None:
    conditions = task.training(np.random.default_rng(5), 3)
    again = task.training(np.random.default_rng(5), 3)
    assert len({condition.goal.position.tobytes() for condition in conditions}) == 3
    for one, same in zip(conditions, again, strict=True):
        np.testing.assert_array_equal(one.goal.posture, same.goal.posture)


def test_when_a_rotation_is_wanted_expect_it_in_goal_and_cost(arm: RobotModel) -> None:
    task = make_task("reach_pose", arm)
    condition = task.draw(np.random.default_rng(0))
    assert condition.goal.rotation is not None
    tip = Kinematics(arm).tip(condition.goal.posture)
    np.testing.assert_allclose(tip.rotation, condition.goal.rotation, atol=2e-2)
    weight = task.rows(condition)[:, task.cost.layout["tip_orientation.weight"]]
    assert (weight > 0.0).all()


def test_when_there_is_one_target_expect_it_in_every_condition(arm: RobotModel) -> None:
    wanted = (0.5, 0.1, 0.4)
    task = make_task("reach", arm, {"target": wanted, "spread": 0.05})
    conditions = [task.draw(np.random.default_rng(seed)) for seed in range(3)]
    for condition in conditions:
        np.testing.assert_array_equal(condition.goal.position, wanted)
    assert not np.allclose(conditions[0].q, conditions[1].q)


def test_when_the_one_target_is_wrong_expect_a_named_error(arm: RobotModel) -> None:
    with pytest.raises(UnreachableTargetError):
        make_task("reach", arm, {"target": (3.0, 0.0, 0.0)})
    with pytest.raises(ShapeError, match="x, y, z"):
        make_task("reach", arm, {"target": (0.5, 0.0)})


def test_when_a_target_is_tracked_expect_a_closed_and_smooth_way(arm: RobotModel) -> None:
    task = make_task("track", arm)
    condition = task.draw(np.random.default_rng(0))
    times = np.arange(0.0, 4.0, 0.01)
    goals = [task.goal(condition, float(t)) for t in times]
    postures = np.array([goal.posture for goal in goals])
    assert np.abs(np.diff(postures, axis=0)).max() < 0.02
    again = task.goal(condition, 4.0)
    np.testing.assert_allclose(again.posture, postures[0], atol=1e-9)
    places = np.array([goal.position for goal in goals]) - condition.goal.position
    assert np.ptp(places[:, 1]) == pytest.approx(0.2, rel=1e-3)
    assert np.ptp(places[:, 2]) == pytest.approx(0.1, rel=1e-3)
    # It is what the cost asks for at each node.
    rows = task.rows(condition)[:, task.cost.layout["tip_position.target"]]
    np.testing.assert_allclose(rows[37], task.goal(condition, 37 * task.dt).position, atol=1e-12)


def test_when_collisions_are_told_expect_goals_without(arm: RobotModel) -> None:
    def high(q: Array) -> bool:
        return bool(Kinematics(arm).tip(q).position[2] > 0.8)

    task = make_task("reach", arm, collides=high)
    for seed in range(5):
        assert task.draw(np.random.default_rng(seed)).goal.position[2] < 0.805


OWN = """
from rl_control.tasks.reach_task import ReachTask

class Higher(ReachTask):
    name = "higher"

    def draw(self, rng):
        return super().draw(rng)
"""


def test_when_a_user_names_a_file_expect_its_task(arm: RobotModel, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN)
    task = make_task(f"{tmp_path / 'own.py'}:Higher", arm, {"tolerance": 0.03})
    assert task.name == "higher"
    assert task.tolerance == 0.03


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        (OWN, "Lower", "no task named 'Lower'"),
        ("1 / 0", "Higher", "ZeroDivisionError"),
        (None, "Higher", "no such file"),
    ],
)
def test_when_a_users_file_is_wrong_expect_what_is_wrong(
    text: str | None, name: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "own.py"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        find_task(f"{path}:{name}")


def test_when_a_task_is_unknown_expect_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'reach'"):
        find_task("reech")
