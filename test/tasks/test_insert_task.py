"""Insert: where the hole is, where the peg is led, and that it goes in where it fits."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from rl_control.errors import ConfigError, UnreachableTargetError
from rl_control.paths import data_dir
from rl_control.robot.arm_model import ArmModel
from rl_control.robot.description import load_robot
from rl_control.robot.kinematics import Kinematics
from rl_control.tasks.base import ArmTask
from rl_control.tasks.catalog import make_task
from rl_control.tasks.posture import nearest_posture
from rl_control.types import Array, Command, Condition, Trajectory

MIDDLE = np.array([0.6, 0.0, 0.15])
PERIOD = 0.005


@pytest.fixture(scope="module")
def task() -> ArmTask:
    return make_task("insert", load_robot("iiwa7+peg"))


def hole_of(condition: Condition) -> Array:
    return condition.scene["hole"].position


def still(task: ArmTask, q: Array) -> Trajectory:
    """An episode in which the arm stands at q [n]."""
    count = round(task.duration / PERIOD)
    states = np.tile(np.concatenate([q, np.zeros_like(q)]), (count + 1, 1))
    times = np.arange(count + 1) * PERIOD
    return Trajectory(task.robot.names, times, states, np.zeros((count, task.robot.n)))


def test_when_drawn_expect_holes_all_over_the_box_and_goals_inside_them(task: ArmTask) -> None:
    rng = np.random.default_rng(0)
    conditions = [task.draw(rng) for _ in range(40)]
    holes = np.array([hole_of(condition) for condition in conditions])
    assert (np.abs(holes - MIDDLE) <= [0.1, 0.1, 0.0]).all()
    assert (np.ptp(holes, axis=0)[:2] > 0.17).all()
    kinematics = Kinematics(task.robot)
    for condition, hole in zip(conditions, holes, strict=True):
        tip = kinematics.tip(condition.goal.posture)
        np.testing.assert_allclose(tip.position, hole - [0.0, 0.0, 0.05], atol=1e-8)
        np.testing.assert_allclose(tip.position, condition.goal.position, atol=1e-8)
        np.testing.assert_allclose(tip.rotation[:, 2], [0.0, 0.0, -1.0], atol=1e-8)
        start = kinematics.tip(condition.q)
        np.testing.assert_allclose(start.position, [0.6, 0.0, 0.25], atol=1e-8)


def test_when_holes_are_side_by_side_expect_postures_side_by_side(task: ArmTask) -> None:
    rng = np.random.default_rng(1)
    conditions = [task.draw(rng) for _ in range(60)]
    holes = np.array([hole_of(condition) for condition in conditions])
    postures = np.array([condition.goal.posture for condition in conditions])
    far = np.linalg.norm(holes[:, None] - holes[None], axis=-1)
    turn = np.linalg.norm(postures[:, None] - postures[None], axis=-1)
    assert (turn <= 8.0 * far).all()  # [rad/m]


def test_when_a_start_is_spread_expect_starts_that_differ() -> None:
    task = make_task("insert", load_robot("iiwa7+peg"), {"spread": 0.02})
    rng = np.random.default_rng(0)
    starts = np.array([task.draw(rng).q for _ in range(50)])
    np.testing.assert_allclose(starts.std(axis=0), 0.02, rtol=0.4)


def test_when_trained_on_expect_the_positions_of_the_settings_first(task: ArmTask) -> None:
    rng = np.random.default_rng(0)
    holes = np.array([hole_of(condition) for condition in task.training(rng, 6)]) - MIDDLE
    corners = [[-0.1, -0.1], [0.1, -0.1], [-0.1, 0.1], [0.1, 0.1]]
    np.testing.assert_allclose(holes[:4, :2], corners, atol=1e-12)
    assert (np.abs(holes[4:, :2]) < 0.1 - 1e-6).all()
    assert len(task.training(rng, 2)) == 2


def test_when_led_expect_distances_across_the_axis_to_cost_and_none_along_it(
    task: ArmTask,
) -> None:
    condition, place = task.draw(np.random.default_rng(2)), task.cost.layout["tip_points.target"]
    rows, kinematics = task.rows(condition), Kinematics(task.robot)
    tip = kinematics.tip(condition.goal.posture)
    top = tip.position - 0.1 * tip.rotation[:, 2]
    for t in (0, task.steps // 2, task.steps):
        np.testing.assert_allclose(rows[t, place], np.concatenate([tip.position, top]), atol=1e-8)
        np.testing.assert_array_equal(
            rows[t, task.cost.layout["posture.target"]], condition.goal.posture
        )
    weights = rows[0, task.cost.layout["tip_points.weight"]] / task.dt
    np.testing.assert_allclose(weights, [60.0, 60.0, 0.0, 60.0, 60.0, 0.0])
    np.testing.assert_allclose(rows[-1, task.cost.layout["tip_points.weight"]], 0.1 * weights)


def test_when_the_peg_is_not_deep_in_the_hole_expect_no_success(task: ArmTask) -> None:
    condition = task.draw(np.random.default_rng(3))
    assert task.succeeded(condition, still(task, condition.goal.posture))
    assert task.error(condition, still(task, condition.goal.posture)) < 1e-8
    # On top of the block, right beside the hole.
    assert not task.succeeded(condition, still(task, condition.q))


def test_when_the_hole_is_measured_expect_less_than_a_millimetre_of_clearance() -> None:
    peg = ET.parse(data_dir("urdf") / "peg.urdf").find("link[@name='peg']/collision/geometry/*")
    assert peg is not None
    diameter = 2.0 * float(peg.get("radius", "nan"))
    gaps = []
    for shape in ET.parse(data_dir("urdf") / "hole.urdf").iter("collision"):
        centre = np.array(shape.find("origin").get("xyz").split(), dtype=float)  # type: ignore[union-attr]
        size = np.array(shape.find("geometry/box").get("size").split(), dtype=float)  # type: ignore[union-attr]
        beside = np.abs(centre[:2]) - size[:2] / 2
        if (beside > 0.0).any():
            gaps.append(2.0 * beside.max())
    assert len(gaps) == 4
    assert 0.0 < max(gaps) - diameter <= 1e-3


def test_when_the_arm_holds_no_peg_expect_to_be_told_of_one() -> None:
    with pytest.raises(ConfigError, match=r"iiwa7 holds no peg\. Use 'iiwa7\+peg'"):
        make_task("insert", load_robot("iiwa7"))


@pytest.mark.parametrize("name", ["iiwa7+peg", "arm7+peg", "panda+peg"])
def test_when_no_settings_are_given_expect_a_box_the_arm_reaches_without_collision(
    name: str,
) -> None:
    pytest.importorskip("pybullet")
    from rl_control.plants.bullet import BulletPlant
    from rl_control.plants.collision import CollisionChecker

    robot = load_robot(name)
    checker, rng = CollisionChecker(robot), np.random.default_rng(0)
    task = make_task("insert", robot, collides=checker.collides)
    plant = BulletPlant(robot, fixtures=task.fixtures)
    for condition in task.training(rng, 12):
        plant.place(condition.scene)
        for q in (condition.q, condition.goal.posture):
            plant.reset(q)
            assert not checker.collides(q) and not plant.touches_fixture()
    checker.close()
    plant.close()


def test_when_the_box_is_wrong_expect_a_named_error() -> None:
    robot = load_robot("iiwa7+peg")
    with pytest.raises(UnreachableTargetError):
        make_task("insert", robot, {"middle": (1.2, 0.0, 0.15)})
    with pytest.raises(ConfigError, match="in collision in a corner of the box"):
        make_task("insert", robot, collides=lambda q: bool(q[0] > 0.1))
    with pytest.raises(ConfigError, match="positions: 3 numbers"):
        make_task("insert", robot, {"positions": (0.1, 0.1, 0.0)})


class Follow:
    """Joint-space feedback along a way over the hole, then down, shifted by `offset` [2] in [m]."""

    def __init__(self, task: ArmTask, condition: Condition, offset: Array) -> None:
        kinematics, goal, steps = Kinematics(task.robot), condition.goal, task.steps
        times = np.arange(steps + 1) * task.dt
        down = np.clip(times / (0.4 * task.duration) - 1.0, 0.0, 1.0)
        heights = 0.15 * (0.5 + 0.5 * np.cos(np.pi * down))
        shift = np.array([*offset, 0.0])
        led, q = [], goal.posture
        for height in heights[::-1]:
            end = goal.position + shift + [0.0, 0.0, height]
            q = nearest_posture(kinematics, end, goal.rotation, q)
            led.append(q)
        share = np.clip(times / (0.3 * task.duration), 0.0, 1.0)[:, None]
        share = 0.5 - 0.5 * np.cos(np.pi * share)
        self._way = (1.0 - share) * condition.q + share * np.array(led[::-1])
        self._times, self._model = times, ArmModel(task.robot)
        self._damping = np.array([joint.damping for joint in task.robot.joints])

    def command(self, names: tuple[str, ...], q: Array, v: Array, time: float) -> Command:
        def at(time: float) -> Array:
            return np.array([np.interp(time, self._times, column) for column in self._way.T])

        speed = (at(time + 1e-3) - at(time)) / 1e-3
        wish = 400.0 * (at(time) - q) + 40.0 * (speed - v)
        hold = self._model.gravity_torque(q) + self._damping * v
        return Command(names, hold + self._model.mass_matrix(q) @ wish, time)


def inserted(task: ArmTask, condition: Condition, offset: Array) -> tuple[Trajectory, Array]:
    """What becomes of following that way, and the contact forces on the way."""
    from rl_control.plants.bullet import BulletPlant

    plant = BulletPlant(task.robot, fixtures=task.fixtures)
    plant.place(condition.scene)
    state = plant.reset(condition.q, condition.v)
    follow, states, forces = Follow(task, condition, offset), [state.joints.vector], []
    for k in range(round(task.duration / PERIOD)):
        joints = state.joints
        state = plant.step(
            follow.command(joints.names, joints.position, joints.velocity, k * PERIOD)
        )
        states.append(state.joints.vector)
        forces.append(plant.contact_force())
    plant.close()
    times = np.arange(len(states)) * PERIOD
    efforts = np.zeros((len(forces), task.robot.n))
    return Trajectory(task.robot.names, times, np.array(states), efforts), np.array(forces)


def test_when_led_along_the_axis_expect_the_peg_in_the_hole_untouched(task: ArmTask) -> None:
    pytest.importorskip("pybullet")
    for condition in task.training(np.random.default_rng(0), 2):
        run, forces = inserted(task, condition, np.zeros(2))
        assert task.error(condition, run) < 1e-4
        assert not forces.any()


@pytest.mark.parametrize("direction", [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)])
def test_when_led_past_the_hole_expect_it_guided_in_or_kept_out(
    task: ArmTask, direction: tuple[float, float]
) -> None:
    """The rims are round by 1 mm, the simulator's margin: what is 1 mm off slides in."""
    pytest.importorskip("pybullet")
    task = make_task("insert", task.robot, {"positions": (-0.07, -0.07)})
    condition = task.training(np.random.default_rng(0), 1)[0]
    run, forces = inserted(task, condition, 1e-3 * np.array(direction))
    assert task.succeeded(condition, run)
    assert 0.0 < forces.max() < 100.0
    away = np.abs(task.tips(run)[-1] - hole_of(condition))[:2].max()
    assert away < 0.5e-3  # a wall holds it, give or take what leaning adds to 0.4 mm
    run, forces = inserted(task, condition, 5e-3 * np.array(direction))
    assert not task.succeeded(condition, run)
    assert (task.tips(run)[:, 2] > hole_of(condition)[2] - 0.003).all()
    assert forces[-1] > 20.0


def test_when_inserted_twice_expect_the_same_bits(task: ArmTask) -> None:
    pytest.importorskip("pybullet")
    condition = task.training(np.random.default_rng(0), 1)[0]
    runs = [inserted(task, condition, np.array([1e-3, 0.0])) for _ in range(2)]
    assert runs[0][1].any()
    np.testing.assert_array_equal(runs[0][0].states, runs[1][0].states)
    np.testing.assert_array_equal(runs[0][1], runs[1][1])
