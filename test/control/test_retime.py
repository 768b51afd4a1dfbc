"""Timing of joint paths within an arm's limits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rl_control.control.retime import Retimer
from rl_control.control.retime_curve import JointCurve
from rl_control.control.retime_profile import PathBounds, quickest, softened
from rl_control.errors import DataError, ShapeError
from rl_control.robot.arm_model import ArmModel
from rl_control.robot.description import load_robot

PENDULUM = """\
<robot name="pendulum">
  <link name="base"/>
  <link name="rod">
    <inertial>
      <origin xyz="0 0 -1"/><mass value="1"/>
      <inertia ixx="0.001" iyy="0.001" izz="0.001" ixy="0" ixz="0" iyz="0"/>
    </inertial>
  </link>
  <joint name="pivot" type="revolute">
    <parent link="base"/><child link="rod"/><axis xyz="0 1 0"/>
    <limit lower="-3" upper="3" velocity="{speed}" effort="{effort}"/>
  </joint>
</robot>
"""
INERTIA = 1.001  # [kg m^2] about the pivot


@pytest.fixture
def pendulum(tmp_path):
    """`pendulum(effort, speed)`: one kilogram a metre below a pivot."""

    def make(effort=20.0, speed=100.0):
        file = tmp_path / "pendulum.urdf"
        file.write_text(PENDULUM.format(effort=effort, speed=speed))
        return load_robot(file)

    return make


def duration(x, steps):
    rates = np.sqrt(x)
    return float((2.0 * steps / (rates[1:] + rates[:-1])).sum())


def double_integrator(n, cap=np.inf):
    """q(s) = s from rest to rest, |q''| <= 1."""
    one, caps = np.ones((n + 1, 1)), np.full(n + 1, cap)
    caps[[0, -1]] = 0.0
    return PathBounds(
        np.full(n, 1.0 / n), np.hstack([one, -one]), np.zeros((n + 1, 2)), np.ones((n + 1, 2)), caps
    )


def test_when_a_double_integrator_goes_a_line_expect_the_closed_form() -> None:
    s = np.linspace(0.0, 1.0, 201)
    x = quickest(double_integrator(200))
    np.testing.assert_allclose(x, 2.0 * np.minimum(s, 1.0 - s), atol=1e-12)
    assert duration(x, np.full(200, 1.0 / 200)) == pytest.approx(2.0)


def test_when_a_double_integrator_has_a_greatest_speed_expect_the_trapezoid() -> None:
    x = quickest(double_integrator(400, cap=0.25))
    # Rise and fall take v / a = 0.5 s and 0.125 of the way each.
    assert duration(x, np.full(400, 1.0 / 400)) == pytest.approx(1.0 + 0.75 / 0.5, rel=1e-3)


def test_when_a_mass_goes_a_curve_with_stops_built_in_expect_the_closed_form(pendulum) -> None:
    """The curve alone decides where the mass goes: its parameter must not matter."""
    robot = replace(pendulum(effort=INERTIA), gravity=np.zeros(3))  # |q''| <= 1
    path = Retimer(robot).retime(
        np.array([0.0, 5.0]), np.array([[0.0], [1.0]]), speed=np.inf, soft=0.0
    )
    assert path.duration == pytest.approx(2.0, rel=5e-3)


def brute_force(robot, curve, levels=500, points=81):
    """Least time by dynamic programming over all profiles on a grid of (s, x)."""
    model = ArmModel(robot)
    s = np.linspace(0.0, curve.length, points)
    q, slope, bend = curve.at(s)
    step = s[1] - s[0]
    held = np.array([model.gravity_torque(row)[0] for row in q])
    mass = model.mass_matrix(q[0])[0, 0]
    bound = robot.limits.effort[0]
    with np.errstate(divide="ignore"):
        cap = (robot.limits.velocity[0] / np.abs(slope[:, 0])) ** 2
    x = np.linspace(1e-4, 50.0, levels)
    to_go = np.where(x <= cap[-1], 0.0, np.inf)
    for k in range(points - 2, -1, -1):
        u = (x[None] - x[:, None]) / (2.0 * step)
        allowed = (x[:, None] <= cap[k]) & (x[None] <= cap[k + 1])
        for at, there in ((k, x[:, None]), (k + 1, x[None])):
            effort = mass * (slope[at, 0] * u + bend[at, 0] * there) + held[at]
            allowed = allowed & (np.abs(effort) <= bound + 1e-9)
        time = 2.0 * step / (np.sqrt(x)[:, None] + np.sqrt(x)[None])
        to_go = np.where(allowed, time + to_go[None], np.inf).min(axis=1)
    return to_go.min()


@pytest.mark.parametrize("effort, speed", [(14.0, 100.0), (25.0, 100.0), (25.0, 2.0)])
def test_when_a_pendulum_swings_up_expect_no_profile_quicker(pendulum, effort, speed) -> None:
    robot = pendulum(effort, speed)
    times = np.array([0.0, 1.0, 2.0, 3.0])
    positions = np.array([[0.0], [0.7], [1.8], [2.5]])
    path = Retimer(robot).retime(times, positions, speed=np.inf, soft=0.0)
    least = brute_force(robot, JointCurve(times, positions, None))
    # The grid of (s, x) is coarser than the sweep: it may lose a little, not gain.
    assert path.duration <= least * 1.005
    assert path.duration >= least * 0.94


def arm(name="planar2"):
    return load_robot(name)


@st.composite
def ways(draw):
    seed = draw(st.integers(0, 10_000))
    rng = np.random.default_rng(seed)
    count = draw(st.integers(2, 8))
    times = np.cumsum(rng.uniform(0.05, 1.0, count))
    robot = arm()
    positions = robot.home + rng.uniform(-0.7, 0.7, (count, robot.n))
    velocities = rng.normal(size=positions.shape) if draw(st.booleans()) else None
    return times, positions, velocities


@settings(max_examples=15)
@given(ways(), st.sampled_from([0.5, 1.0, 3.0, np.inf]), st.sampled_from([0.0, 0.1]))
def test_when_any_path_is_retimed_expect_all_limits_kept_and_no_hurry(way, speed, soft) -> None:
    robot = arm()
    limits = robot.limits.scaled(0.6, 0.5)
    times, positions, velocities = way
    try:
        path = Retimer(robot, limits).retime(times, positions, velocities, speed, soft)
    except DataError as error:
        assert "position" in str(error)  # velocities may swing a curve out of the limits
        return
    at = np.linspace(0.0, path.duration, 3001)
    q, v, a = path.at(at)
    model = ArmModel(robot)
    efforts = np.array([model.inverse_dynamics(*row) for row in zip(q, v, a, strict=True)])
    assert (np.abs(v) <= limits.velocity * 1.001).all()  # between two looks
    assert (np.abs(efforts) <= limits.effort * 1.01).all()
    assert np.mean(np.abs(efforts) > limits.effort * 1.0001) < 0.01
    assert (q >= limits.lower - 1e-8).all() and (q <= limits.upper + 1e-8).all()
    asked = (times[-1] - times[0]) / speed
    assert path.duration >= asked * (1.0 - 1e-9)
    assert (path.rates <= speed * (1.0 + 1e-9)).all()
    np.testing.assert_allclose([path.start, path.end], positions[[0, -1]], atol=1e-9)
    np.testing.assert_allclose(v[[0, -1]], 0.0, atol=1e-9)


def test_when_the_recorded_timing_keeps_the_limits_expect_it_unchanged() -> None:
    times = np.linspace(3.0, 7.0, 41)
    positions = arm().home + 0.3 * np.sin(times - 3.0)[:, None] ** 2
    path = Retimer(arm()).retime(times, positions)
    assert path.duration == pytest.approx(4.0, abs=1e-12)
    np.testing.assert_allclose(path.at(times - 3.0)[0], positions, atol=1e-12)


def test_when_only_a_part_is_too_quick_expect_the_rest_as_recorded() -> None:
    robot = arm()
    times = np.linspace(0.0, 6.0, 121)
    wave = 0.8 / (1.0 + np.exp(-(times - 3.0) / 0.02))
    path = Retimer(robot).retime(times, robot.home + wave[:, None] * np.array([1.0, 0.0]))
    assert 6.0 < path.duration < 6.6
    untouched = (path.parameters < 2.0) | (path.parameters > 4.0)
    np.testing.assert_allclose(path.rates[untouched], 1.0, atol=1e-9)
    assert path.rates.min() < 0.8


def test_when_it_is_soft_expect_accelerations_without_steps() -> None:
    robot = arm()
    times = np.linspace(0.0, 6.0, 121)
    wave = 0.8 / (1.0 + np.exp(-(times - 3.0) / 0.02))
    positions = robot.home + wave[:, None] * np.array([1.0, 0.0])

    def step(soft):
        path = Retimer(robot).retime(times, positions, soft=soft)
        a = path.at(np.arange(0.0, path.duration, 0.002))[2]
        return np.abs(np.diff(a, axis=0)).max()

    assert step(0.1) < 0.5 * step(0.0)


def test_when_position_and_derivatives_are_asked_expect_those_of_the_motion() -> None:
    rng = np.random.default_rng(3)
    times = np.cumsum(rng.uniform(0.2, 0.6, 6))
    positions = arm().home + rng.uniform(-0.5, 0.5, (6, 2))
    path = Retimer(arm()).retime(times, positions, rng.normal(size=(6, 2)), speed=4.0)
    at = np.linspace(0.05, path.duration - 0.05, 400)
    h = 1e-6
    before, after = path.at(at - h), path.at(at + h)
    _, v, a = path.at(at)
    np.testing.assert_allclose((after[0] - before[0]) / (2 * h), v, atol=1e-5)
    near = np.abs((after[1] - before[1]) / (2 * h) - a)
    assert np.mean(near > 1e-3) < 0.02  # the grid's corners


def test_when_velocities_are_given_expect_them_met() -> None:
    times, rng = np.array([0.0, 1.0, 2.0, 3.5]), np.random.default_rng(0)
    positions, velocities = rng.normal(size=(4, 2)), rng.normal(size=(4, 2))
    curve = JointCurve(times, positions, velocities)
    q, slope, bend = curve.at(times)
    np.testing.assert_allclose(q, positions, atol=1e-12)
    np.testing.assert_allclose(slope[1:-1], velocities[1:-1], atol=1e-12)
    np.testing.assert_allclose(slope[[0, -1]], 0.0, atol=1e-12)
    eps = 1e-9
    np.testing.assert_allclose(curve.at(times[1:-1] - eps)[2], bend[1:-1], atol=1e-5)


def test_when_the_path_leaves_the_limits_expect_time_joint_value_and_bound() -> None:
    robot = arm()
    positions = np.array([robot.home, robot.home])
    positions[1, 1] = robot.limits.upper[1] + 0.2
    with pytest.raises(DataError, match=r"at \d.\d+ s, elbow: position \S+, allowed"):
        Retimer(robot).retime(np.array([0.0, 1.0]), positions)
    positions[1, 1] = robot.limits.lower[1] - 0.2
    with pytest.raises(DataError, match=f"allowed {robot.limits.lower[1]:.4g}"):
        Retimer(robot).retime(np.array([0.0, 1.0]), positions)


def test_when_the_arm_cannot_be_held_expect_where_and_how_much(pendulum) -> None:
    with pytest.raises(DataError, match=r"pivot: effort to hold it \S+, allowed 5"):
        Retimer(pendulum(effort=5.0)).retime(np.array([0.0, 1.0]), np.array([[0.0], [1.5]]))


def test_when_recorded_as_it_was_expect_the_breach_named(pendulum) -> None:
    robot = pendulum(effort=20.0, speed=2.0)
    retimer = Retimer(robot)
    quick = retimer.as_recorded(np.array([0.0, 0.5]), np.array([[0.0], [1.0]]))
    breach = retimer.breach(quick)
    assert breach is not None
    assert breach.joint == "pivot" and breach.quantity == "effort"
    assert breach.value > breach.bound
    slow = retimer.as_recorded(np.array([0.0, 5.0]), np.array([[0.0], [1.0]]))
    assert retimer.breach(slow) is None


def test_when_a_recording_is_cut_in_mid_motion_expect_the_arm_stopped_within_limits() -> None:
    robot = load_robot("iiwa7")
    limits = robot.limits.scaled(0.21, 0.42)
    times = np.linspace(0.0, 6.0, 301)
    positions = robot.home + 0.4 * np.sin(times)[:, None] * np.linspace(0.5, 1.0, 7)
    retimer = Retimer(robot, limits)
    for speed in (1.0, 10.0):
        path = retimer.retime(times, positions, speed=speed)
        assert retimer.breach(path) is None
        assert path.duration < 6.0 / speed + 1.5


@pytest.mark.parametrize("speed", [0.0, -1.0, np.nan])
def test_when_the_speed_is_not_positive_expect_a_refusal(speed) -> None:
    with pytest.raises(DataError, match="speed"):
        Retimer(arm()).retime(np.array([0.0, 1.0]), np.zeros((2, 2)), speed=speed)


def test_when_the_joints_are_not_the_arms_expect_a_refusal() -> None:
    with pytest.raises(ShapeError):
        Retimer(arm()).retime(np.array([0.0, 1.0]), np.zeros((2, 3)))


@given(st.lists(st.floats(0.0, 5.0), min_size=3, max_size=60), st.integers(0, 20))
def test_when_a_profile_is_softened_expect_it_nowhere_above(values, width) -> None:
    x = np.array(values)
    soft = softened(x, width)
    assert soft.shape == x.shape
    assert (soft <= x).all() and (soft >= x.min() - 1e-12).all()
    np.testing.assert_allclose(softened(np.full(30, 0.7), width), 0.7, rtol=1e-12)
