import threading

import numpy as np
import pytest

from rl_control.errors import (
    ConfigError,
    JointMismatchError,
    NonFiniteError,
    PlantError,
    RobotDescriptionError,
    ShapeError,
)
from rl_control.interfaces import Plant
from rl_control.plants.bullet import BulletPlant
from rl_control.plants.bullet_config import BulletConfig
from rl_control.robot.description import load_robot
from rl_control.types import Command

MOMENT = 0.37  # of the pendulum of conftest.py, about its hinge [kg m^2]
WEIGHTLESS = BulletConfig(gravity=(0.0, 0.0, 0.0))


def push(plant, *effort, steps=1):
    for _ in range(steps):
        state = plant.step(Command(plant.names, np.array(effort, dtype=float), 0.0))
    return state


def run_randomly(plant, steps=120, seed=3):
    rng = np.random.default_rng(seed)
    limit = plant.robot.limits.effort
    plant.reset()
    return np.array([push(plant, *rng.uniform(-limit, limit)).joints.vector for _ in range(steps)])


def test_when_made_expect_the_plant_protocol(pendulum):
    assert isinstance(BulletPlant(pendulum()), Plant)


# Traps of PyBullet.


def test_when_free_without_gravity_expect_speed_kept(pendulum):
    """Neither the default motors nor the default damping may brake the joint."""
    plant = BulletPlant(pendulum(kind="continuous"), WEIGHTLESS)
    plant.reset(v=np.array([1.5]))
    state = push(plant, 0.0, steps=200)
    assert state.joints.velocity[0] == pytest.approx(1.5, abs=1e-12)
    assert state.joints.position[0] == pytest.approx(1.5, abs=1e-9)


def test_when_swinging_freely_expect_energy_kept(pendulum):
    plant = BulletPlant(pendulum(), BulletConfig(substep=5e-4))
    plant.reset(q=np.array([1.2]))

    def energy(state):
        q, v = state.joints.vector
        return 0.5 * MOMENT * v**2 - 9.81 * 0.5 * np.cos(q)

    start = energy(plant.observe())
    drift = [abs(energy(push(plant, 0.0)) - start) for _ in range(400)]
    assert max(drift) < 2e-3 * 9.81 * 0.5


@pytest.mark.parametrize("axis", [(0.0, 1.0, 0.0), (0.6, 0.8, 0.0), (0.0, 0.0, 1.0)])
def test_when_inertia_has_products_expect_it_used_as_written(pendulum, axis):
    """PyBullet by itself makes inertias up from the collision shapes."""
    matrix = np.array([[0.10, 0.02, 0.0], [0.02, 0.12, 0.01], [0.0, 0.01, 0.05]])
    text = 'ixx="0.10" iyy="0.12" izz="0.05" ixy="0.02" ixz="0" iyz="0.01"'
    shape = '<collision><geometry><box size="1 2 3"/></geometry></collision>'
    robot = pendulum(inertia=text, axis=" ".join(map(str, axis)), shape=shape)
    plant = BulletPlant(robot, WEIGHTLESS)
    about_axis = axis @ (matrix + 0.25 * np.diag([1.0, 1.0, 0.0])) @ np.array(axis)
    state = push(plant, 0.1)
    assert state.joints.velocity[0] == pytest.approx(0.1 * 0.005 / about_axis, rel=1e-9)


def test_when_inertia_is_of_a_plate_expect_rounding_forgiven(pendulum):
    text = 'ixx="0.1" iyy="0.1" izz="0.2000002" ixy="0" ixz="0" iyz="0"'
    state = push(BulletPlant(pendulum(inertia=text), WEIGHTLESS), 0.1)
    assert state.joints.velocity[0] == pytest.approx(0.1 * 0.005 / 0.35, rel=1e-5)


def test_when_inertia_is_of_no_body_expect_refusal(pendulum):
    """PyBullet would say so on the terminal and go on with an inertia of zero."""
    text = 'ixx="0.1" iyy="0.1" izz="0.25" ixy="0" ixz="0" iyz="0"'
    with pytest.raises(RobotDescriptionError, match="rod"):
        BulletPlant(pendulum(inertia=text))


def test_when_axis_is_not_of_unit_length_expect_no_gear(tmp_path):
    path = tmp_path / "slide.urdf"
    path.write_text(
        """<robot name="slide"><link name="base"/><link name="cart"><inertial>
        <mass value="2"/><inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial>
        </link><joint name="rail" type="prismatic"><parent link="base"/><child link="cart"/>
        <axis xyz="0 0 3"/><limit lower="-1" upper="1" effort="10" velocity="1"/></joint>
        </robot>"""
    )
    plant = BulletPlant(load_robot(path), WEIGHTLESS)
    assert push(plant, 4.0).joints.velocity[0] == pytest.approx(2.0 * 0.005)
    plant.reset(q=np.array([0.5]))
    assert plant.observe().tip.position == pytest.approx([0.0, 0.0, 0.5])


def test_when_period_has_many_substeps_expect_effort_in_all_of_them(pendulum):
    config = BulletConfig(period=0.02, substep=0.001, gravity=(0.0, 0.0, 0.0))
    state = push(BulletPlant(pendulum(), config), 2.0)
    assert state.joints.velocity[0] == pytest.approx(2.0 / MOMENT * 0.02)


def test_when_effort_exceeds_limit_expect_it_clipped_counted_and_reported(pendulum):
    plant = BulletPlant(pendulum(effort=3), WEIGHTLESS)
    state = push(plant, 50.0)
    assert state.joints.effort == pytest.approx([3.0])
    assert state.joints.velocity[0] == pytest.approx(3.0 / MOMENT * 0.005)
    push(plant, 3.0)
    assert plant.clipped == 1


def test_when_too_fast_expect_it_counted(pendulum):
    plant = BulletPlant(pendulum(velocity=1), WEIGHTLESS)
    plant.reset(v=np.array([0.9]))
    assert plant.overspeed == 0
    push(plant, 10.0, steps=2)
    assert plant.overspeed == 2


def test_when_faster_than_100_rad_per_s_expect_no_hidden_cap(pendulum):
    plant = BulletPlant(pendulum(kind="continuous"), WEIGHTLESS)
    plant.reset(v=np.array([150.0]))
    assert push(plant, 0.0).joints.velocity[0] == pytest.approx(150.0)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_when_effort_is_not_finite_expect_refusal_and_arm_as_before(pendulum, bad):
    plant, twin = BulletPlant(pendulum()), BulletPlant(pendulum())
    before = push(plant, 1.0)
    push(twin, 1.0)
    with pytest.raises(PlantError, match="hinge"):
        push(plant, bad)
    assert plant.observe() is before
    assert np.array_equal(push(plant, 0.5).joints.vector, push(twin, 0.5).joints.vector)


def test_when_run_again_or_afresh_expect_the_same_bits():
    """Also after the joints have run into their stops, which leaves traces in the solver."""
    robot, config = load_robot("iiwa7"), BulletConfig(friction=(0.5,), position_noise=0.0)
    plant = BulletPlant(robot, config)
    first, again = run_randomly(plant), run_randomly(plant)
    fresh = BulletPlant(robot, config)
    fresh.show_target([0.3, 0.2, 0.5])
    assert np.any(np.abs(first[:, :7]) > robot.limits.upper)
    assert np.array_equal(first, again)
    assert np.array_equal(first, run_randomly(fresh))


def test_when_joint_meets_its_stop_expect_it_held_there(pendulum):
    plant = BulletPlant(pendulum(upper=0.5))
    state = push(plant, 8.0, steps=300)
    assert state.joints.position[0] == pytest.approx(0.5, abs=1e-3)


def test_when_limits_are_the_users_expect_the_stop_there(pendulum):
    path = pendulum().source
    robot = load_robot(path, limits={"hinge": (-1.0, 0.3, 5.0, 10.0)})
    assert push(BulletPlant(robot), 9.0, steps=300).joints.position[0] == pytest.approx(
        0.3, abs=1e-3
    )


# Friction.


@pytest.mark.parametrize("damping", [0.2, 5.0])
def test_when_damped_expect_exponential_decay(pendulum, damping):
    config = BulletConfig(substep=1e-4, gravity=(0.0, 0.0, 0.0))
    plant = BulletPlant(pendulum(kind="continuous", damping=damping), config)
    plant.reset(v=np.array([2.0]))
    state = push(plant, 0.0, steps=20)
    expected = 2.0 * np.exp(-damping / MOMENT * 0.1)
    assert state.joints.velocity[0] == pytest.approx(expected, rel=5e-3)


def test_when_damping_is_huge_expect_a_calm_arm(pendulum):
    """PyBullet's own explicit damping diverges from 2 I / h = 740 N m s/rad on."""
    plant = BulletPlant(pendulum(damping=5000.0), WEIGHTLESS)
    plant.reset(v=np.array([2.0]))
    speeds = [push(plant, 1.0).joints.velocity[0] for _ in range(20)]
    assert speeds[-1] == pytest.approx(1.0 / 5000.0, rel=1e-6)
    assert np.all(np.diff(speeds) <= 1e-15)


def test_when_damping_is_overridden_expect_it_instead_of_the_urdfs(pendulum):
    config = BulletConfig(damping=(0.0,), gravity=(0.0, 0.0, 0.0))
    plant = BulletPlant(pendulum(damping=1.0), config)
    plant.reset(v=np.array([1.0]))
    assert push(plant, 0.0).joints.velocity[0] == pytest.approx(1.0)


def test_when_rubbing_expect_coulomb_friction(pendulum):
    plant = BulletPlant(pendulum(friction=2.0), WEIGHTLESS)
    plant.reset(v=np.array([0.1]))
    assert push(plant, 0.0).joints.velocity[0] == pytest.approx(0.1 - 2.0 / MOMENT * 0.005)
    assert push(plant, 1.9, steps=80).joints.velocity[0] == pytest.approx(0.0, abs=1e-12)
    assert push(plant, 2.5).joints.velocity[0] == pytest.approx(0.5 / MOMENT * 0.005)


# Payload, gravity.


def test_when_carrying_a_payload_expect_its_weight_at_its_place(pendulum):
    config = BulletConfig(payload=2.0, payload_com=(0.0, 0.0, -0.5))
    plant = BulletPlant(pendulum(), config)
    q = 0.4
    plant.reset(q=np.array([q]))
    weight = 9.81 * np.sin(q) * (1.0 * 0.5 + 2.0 * 1.5)
    plant.robot.limits.effort[:] = 100.0
    state = push(plant, weight, steps=20)
    assert state.joints.position[0] == pytest.approx(q, abs=1e-9)


def test_when_gravity_is_overridden_expect_it_used(pendulum):
    config = BulletConfig(gravity=(0.0, 0.0, -1.62))
    plant = BulletPlant(pendulum(), config)
    plant.reset(q=np.array([np.pi / 2]))
    state = push(plant, 0.0)
    assert state.joints.velocity[0] == pytest.approx(-1.62 * 0.5 / MOMENT * 0.005, rel=1e-3)


# Sensors and delays.


def test_when_sensors_are_noisy_expect_that_noise_and_a_clean_truth(pendulum):
    config = BulletConfig(position_noise=0.01, velocity_noise=0.2, gravity=(0.0, 0.0, 0.0))
    plant = BulletPlant(pendulum(), config, np.random.default_rng(5))
    seen = np.array([push(plant, 0.0).joints.vector for _ in range(800)])
    assert np.std(seen, axis=0) == pytest.approx([0.01, 0.2], rel=0.1)
    assert np.abs(np.mean(seen, axis=0)) == pytest.approx([0.0, 0.0], abs=0.03)
    assert np.array_equal(plant.truth().joints.vector, [0.0, 0.0])
    assert np.array_equal(plant.observe().joints.vector, seen[-1])
    twin = BulletPlant(pendulum(), config, np.random.default_rng(5))
    assert np.array_equal(push(twin, 0.0).joints.vector, seen[0])


@pytest.mark.parametrize("latency", [0.005, 0.012, 0.02])
def test_when_observation_is_late_expect_an_old_state_with_its_stamp(pendulum, latency):
    plant = BulletPlant(pendulum(), BulletConfig(observation_latency=latency))
    fine = BulletPlant(pendulum(), BulletConfig(period=0.001))
    truth = {0.0: fine.observe().joints}
    for _ in range(60):
        joints = push(fine, 3.0).joints
        truth[round(joints.stamp, 6)] = joints
    for k in range(1, 12):
        seen = push(plant, 3.0).joints
        when = round(max(0.0, 0.005 * k - latency), 6)
        assert seen.stamp == pytest.approx(when)
        assert np.array_equal(seen.vector, truth[when].vector)


def test_when_command_is_late_expect_it_to_act_later(pendulum):
    config = BulletConfig(command_latency=0.007, gravity=(0.0, 0.0, 0.0))
    plant = BulletPlant(pendulum(), config)
    assert push(plant, 2.0).joints.velocity[0] == 0.0
    second = push(plant, 2.0).joints
    assert second.velocity[0] == pytest.approx(2.0 / MOMENT * 0.003)
    assert second.effort == pytest.approx([2.0])


def test_when_time_goes_on_expect_stamps_of_simulated_time_over_resets(pendulum):
    plant = BulletPlant(pendulum())
    assert push(plant, 0.0, steps=3).joints.stamp == pytest.approx(0.015)
    assert plant.reset().joints.stamp == pytest.approx(0.015)
    assert push(plant, 0.0).joints.stamp == pytest.approx(0.020)


# The arm in the file.


@pytest.mark.parametrize("name", ["planar2", "arm7", "iiwa7", "panda"])
def test_when_gravity_is_compensated_expect_the_arm_to_stay(name):
    import casadi as ca

    from rl_control.robot.rigid_body import RigidBody

    robot = load_robot(name)
    q = ca.SX.sym("q", robot.n)
    body = RigidBody(robot)
    gravity = ca.Function("g", [q], [body.gravity_torque(q)])
    plant = BulletPlant(robot)
    state = push(plant, *np.array(gravity(robot.home)).ravel(), steps=100)
    assert state.joints.position == pytest.approx(robot.home, abs=1e-6)
    position, rotation = ca.Function("tip", [q], list(body.tip(q)))(robot.home)
    assert state.tip.position == pytest.approx(np.array(position).ravel(), abs=1e-6)
    assert state.tip.rotation == pytest.approx(np.array(rotation), abs=1e-6)


def test_when_names_are_in_another_order_expect_a_match_by_name():
    plant, twin = BulletPlant(load_robot("planar2")), BulletPlant(load_robot("planar2"))
    one = plant.step(Command(("shoulder", "elbow"), np.array([5.0, -2.0]), 0.0))
    other = twin.step(Command(("elbow", "gripper", "shoulder"), np.array([-2.0, 9.0, 5.0]), 0.0))
    assert np.array_equal(one.joints.vector, other.joints.vector)


# Pictures.


def test_when_asked_for_a_frame_expect_arm_and_target_in_it(pendulum):
    shape = '<visual><geometry><box size="0.1 0.1 1"/></geometry></visual>'
    plant = BulletPlant(pendulum(shape=shape))
    bare = plant.frame(96, 64)
    assert bare.shape == (64, 96, 3)
    assert bare.dtype == np.uint8
    assert np.ptp(bare) > 50
    plant.show_target([0.5, 0.0, 1.8])
    marked = plant.frame(96, 64).astype(int)
    reddish = (marked[:, :, 0] > 100) & (marked[:, :, 1:].max(axis=2) < 80)
    assert 0 < reddish.sum() < 200
    plant.show_target([-0.5, 0.0, 1.8])
    moved = plant.frame(96, 64).astype(int)
    assert not np.array_equal(moved, marked)


# Refusals.


def test_when_closed_expect_every_use_refused(pendulum):
    plant = BulletPlant(pendulum())
    plant.close()
    plant.close()
    for use in (plant.observe, plant.truth, plant.reset, plant.frame, lambda: push(plant, 0.0)):
        with pytest.raises(PlantError, match="closed"):
            use()


def test_when_closed_by_many_threads_during_steps_expect_a_clean_end(pendulum):
    plant, other = BulletPlant(pendulum()), BulletPlant(pendulum())
    refused = []

    def work():
        try:
            push(plant, 1.0, steps=10_000)
        except PlantError:
            refused.append(True)

    workers = [threading.Thread(target=work) for _ in range(2)]
    closers = [threading.Thread(target=plant.close) for _ in range(3)]
    for thread in (*workers, *closers):
        thread.start()
    for thread in (*workers, *closers):
        thread.join(20.0)
    assert len(refused) == 2
    assert push(other, 0.0).joints.stamp == pytest.approx(0.005)


def test_when_joint_is_missing_or_too_many_efforts_expect_refusal(pendulum):
    plant = BulletPlant(pendulum())
    with pytest.raises(JointMismatchError, match="hinge"):
        plant.step(Command(("elbow",), np.zeros(1), 0.0))
    with pytest.raises(ShapeError):
        plant.step(Command(("hinge",), np.zeros(2), 0.0))


def test_when_reset_is_bad_expect_refusal(pendulum):
    plant = BulletPlant(pendulum())
    with pytest.raises(ShapeError):
        plant.reset(np.zeros(2))
    with pytest.raises(NonFiniteError, match="hinge"):
        plant.reset(np.array([np.nan]))


@pytest.mark.parametrize(
    ("config", "key"),
    [
        (BulletConfig(substep=0.003), "substep"),
        (BulletConfig(substep=0.01), "substep"),
        (BulletConfig(damping=(1.0, 2.0)), "damping"),
        (BulletConfig(friction=(-1.0,)), "friction"),
        (BulletConfig(payload=-1.0), "payload"),
        (BulletConfig(payload_com=(0.0,)), "payload_com"),
    ],
)
def test_when_setting_is_wrong_expect_it_named(pendulum, config, key):
    with pytest.raises(ConfigError, match=key):
        BulletPlant(pendulum(), config)


@pytest.mark.skipif("sys.platform != 'linux'")
def test_when_there_is_no_screen_expect_the_window_refused(pendulum, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(PlantError, match="DISPLAY"):
        BulletPlant(pendulum(), BulletConfig(gui=True))


# Another arm while it runs.


def test_when_the_payload_changes_expect_the_arm_that_was_made_with_it():
    robot = load_robot("planar2")
    heavy = BulletConfig(payload=1.5, friction=(0.2,), damping=(0.3,))
    changed, made = BulletPlant(robot), BulletPlant(robot, heavy)
    changed.configure(heavy)
    assert changed.config == heavy
    np.testing.assert_allclose(run_randomly(changed), run_randomly(made), atol=1e-9)


def test_when_the_payload_is_taken_away_expect_the_arm_without():
    robot = load_robot("planar2")
    changed, made = BulletPlant(robot, BulletConfig(payload=1.5)), BulletPlant(robot)
    changed.configure(BulletConfig())
    np.testing.assert_allclose(run_randomly(changed), run_randomly(made), atol=1e-9)


def test_when_what_is_not_live_differs_expect_it_left_as_it_was():
    plant = BulletPlant(load_robot("planar2"))
    plant.configure(BulletConfig(period=0.01, command_latency=0.003, position_noise=0.1))
    assert plant.config == BulletConfig(position_noise=0.1)


def test_when_other_settings_are_not_allowed_expect_the_plant_as_it_was():
    plant = BulletPlant(load_robot("planar2"))
    for wrong in (BulletConfig(payload=-1.0), BulletConfig(friction=(1.0, 1.0, 1.0))):
        with pytest.raises(ConfigError):
            plant.configure(wrong)
    assert plant.config == BulletConfig()
