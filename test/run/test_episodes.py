"""Episodes: the same every time, by whoever makes them; refused before anything moves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rl_control.errors import ConditionError, ConfigError

pytest.importorskip("pybullet")

from rl_control.gps.episode import Episode
from rl_control.policy.linear_gaussian import LinearGaussianController
from rl_control.policy.mlp import MlpPolicy, Normaliser
from rl_control.policy.observation import ObservationLayout, goal_rows
from rl_control.policy.partial import ImpairedConfig
from rl_control.policy.policy import PolicyFacts, Seen
from rl_control.robot.arm_model import ArmModel
from rl_control.robot.kinematics import Kinematics
from rl_control.run.episodes import EpisodeRunner, EpisodeSpec, usual_cost
from rl_control.run.workers import rollouts_of
from rl_control.tasks.reach_config import ReachTerminal
from rl_control.types import ArmState, Condition, JointState, Pose

SPEC = EpisodeSpec("planar2", "reach", {"duration": 1.0, "spread": 0.05})


@pytest.fixture(scope="module")
def runner():
    made = EpisodeRunner(SPEC)
    yield made
    made.close()


@pytest.fixture(scope="module")
def condition(runner) -> Condition:
    return runner.task.draw(np.random.default_rng(0))


def local(runner) -> LinearGaussianController:
    n, steps = runner.task.robot.n, runner.task.steps
    gains = np.tile(np.hstack([-2.0 * np.eye(n), -0.3 * np.eye(n)]), (steps, 1, 1))
    covariance = np.tile(0.05 * np.eye(n), (steps, 1, 1))
    return LinearGaussianController(
        runner.task.robot.names, runner.task.dt, gains, np.zeros((steps, n)), covariance
    )


def damping_policy(runner) -> MlpPolicy:
    """Pulls to the goal's posture, with damping, on top of gravity."""
    names = runner.task.robot.names
    n, layout = len(names), ObservationLayout(names, ("posture_error", "velocity"))
    seen = Seen(np.zeros(2 * n), np.eye(2 * n), 1.0)
    facts = PolicyFacts("reach", layout, 0.005, "gravity", 1e-4 * np.eye(n), seen)
    gain = np.hstack([12.0 * np.eye(n), -3.0 * np.eye(n)])
    unit = Normaliser(np.zeros(2 * n), np.ones(2 * n))
    return MlpPolicy(facts, unit, (gain,), (np.zeros(n),), np.ones(n))


def test_when_an_episode_is_run_twice_expect_the_same_bits(runner, condition) -> None:
    asked = Episode(condition, local(runner), seed=3)
    first, second = runner.run(asked), runner.run(asked)
    np.testing.assert_array_equal(first.states, second.states)
    other = runner.run(replace(asked, seed=4))
    assert not np.allclose(first.states[-1], other.states[-1])
    assert len(first.controls) == round(runner.task.duration / 0.005)


def test_when_workers_make_them_expect_the_bits_of_this_process(runner) -> None:
    rng = np.random.default_rng(1)
    asked = [Episode(runner.task.draw(rng), local(runner), seed=seed) for seed in range(4)]
    asked.append(Episode(asked[0].condition, damping_policy(runner), 5, planned=0.5))
    here = runner(asked)
    workers = rollouts_of(SPEC, 2)
    try:
        there = workers(asked)
    finally:
        workers.close()
    for one, other in zip(here, there, strict=True):
        np.testing.assert_array_equal(one.states, other.states)
        np.testing.assert_array_equal(one.controls, other.controls)


def test_when_nobody_acts_expect_the_planner_to_reach_the_goal(runner, condition) -> None:
    task = runner.task
    assert task.error(condition, runner.run(Episode(condition, None))) < 2e-3


def test_when_a_policy_acts_expect_it_to_lead_to_the_goal(runner, condition) -> None:
    start = np.linalg.norm(condition.goal.posture - condition.q)
    run = runner.run(Episode(condition, damping_policy(runner)))
    end = np.linalg.norm(condition.goal.posture - run.positions[-1])
    assert end < 0.3 * start


def test_when_the_policy_stands_on_dynamics_expect_the_motion_of_its_accelerations(
    runner, condition
) -> None:
    policy, n, w = damping_policy(runner), runner.task.robot.n, 5.0
    gain = np.hstack([w**2 * np.eye(n), -2.0 * w * np.eye(n)])
    facts = replace(policy.facts, base="dynamics")
    run = runner.run(Episode(condition, replace(policy, weights=(gain,), facts=facts)))
    left = (condition.goal.posture - run.positions) / (condition.goal.posture - condition.q)
    times = run.times[:, None] - run.times[0]
    critical = (1.0 + w * times) * np.exp(-w * times)
    # Nothing moves in the first tick, the arm being held before the first command.
    np.testing.assert_allclose(left, np.tile(critical, n), atol=0.05)


@pytest.mark.parametrize("v", [[0.0, 0.0], [2.0, -1.0]])
def test_when_the_policy_stands_on_inertia_expect_its_accelerations_whatever_the_speeds(
    runner, condition, v
) -> None:
    policy, robot, a = damping_policy(runner), runner.task.robot, np.array([1.0, -2.0])
    facts = replace(policy.facts, base="inertia")
    policy = replace(policy, weights=(np.zeros((2, 4)),), biases=(a,), facts=facts)
    state = ArmState(JointState(robot.names, condition.q, np.array(v), np.zeros(2), 0.0))
    acting = runner.control.controller(Episode(condition, policy))
    acting.reset(state)
    model, damping = ArmModel(robot), np.array([joint.damping for joint in robot.joints])
    wanted = model.mass_matrix(condition.q) @ a + facts.dt * damping * a
    wanted = wanted + model.gravity_torque(condition.q)
    np.testing.assert_allclose(acting.act(state).effort, wanted, rtol=1e-12)


def test_when_measurements_come_late_expect_the_policy_to_act_on_those_before(
    runner, condition
) -> None:
    policy = damping_policy(runner)
    late = EpisodeRunner(
        EpisodeSpec("planar2", "reach", {"duration": 0.5}, measured=ImpairedConfig(delay=1))
    )
    try:
        twice = [late.run(Episode(condition, policy)) for _ in range(2)]
    finally:
        late.close()
    np.testing.assert_array_equal(twice[0].states, twice[1].states)
    run, facts = twice[0], policy.facts
    hold = ArmModel(runner.robot).gravity_torque
    layout, goal = facts.layout, goal_rows([condition.goal])
    tips = Kinematics(runner.robot).tips
    for k in (3, 10, 40):
        seen, q = run.states[k - 1][None], run.positions[k]
        n = q.size
        (output,) = policy.mean(layout.of(seen[:, :n], seen[:, n:], goal, tips))
        expected = output + (hold(q) if facts.base == "gravity" else 0.0)
        np.testing.assert_allclose(run.controls[k], expected, atol=1e-6)


def test_when_planner_and_policy_take_turns_expect_something_in_between(runner, condition) -> None:
    policy = damping_policy(runner)
    runs = [
        runner.run(Episode(condition, actor, 1, planned=share)).states[100]
        for actor, share in ((policy, 0.0), (policy, 0.5), (policy, 1.0), (None, 0.0))
    ]
    np.testing.assert_allclose(runs[2], runs[3], atol=1e-9)
    assert not np.allclose(runs[0], runs[1]) and not np.allclose(runs[1], runs[2])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"q": np.array([9.0, 0.0])}, "position 9 of"),
        ({"v": np.array([0.0, 1e3])}, "velocity 1000 of"),
        ({"q": np.array([np.nan, 0.0])}, "position nan of"),
    ],
)
def test_when_a_start_is_outside_the_limits_expect_no_motion(
    runner, condition, change, message
) -> None:
    with pytest.raises(ConditionError, match=message):
        runner.run(Episode(replace(condition, **change), None))


def test_when_nothing_is_known_expect_control_to_hold_an_arm_of_other_masses(
    runner, condition
) -> None:
    blind = EpisodeRunner(replace(SPEC, known=False))
    try:
        masses = [joint.inertia.mass for joint in blind.task.robot.joints]
        assert masses == [1.0] * len(masses)
        assert masses != [joint.inertia.mass for joint in runner.task.robot.joints]
        # What the policy adds its efforts to holds the real arm in one case only.
        held = replace(damping_policy(runner), weights=(np.zeros((2, 4)),))
        moved = [
            np.abs(one.run(Episode(condition, held)).positions[-1] - condition.q).max()
            for one in (runner, blind)
        ]
        assert moved[0] < 0.01 < 0.1 < moved[1]
    finally:
        blind.close()


def test_when_weights_are_given_expect_them_in_the_cost(runner, condition) -> None:
    usual = usual_cost("planar2", "reach")
    other = EpisodeRunner(replace(SPEC, cost=replace(usual, terminal=ReachTerminal(posture=9.0))))
    try:
        names = runner.task.cost.layout["posture.weight"]
        rows = [one.task.rows(condition)[-1, names] for one in (runner, other)]
        np.testing.assert_allclose(rows[1], 9.0 * rows[0])
    finally:
        other.close()


def test_when_the_step_is_no_multiple_of_the_arms_period_expect_the_nearest_that_is() -> None:
    with pytest.raises(ConfigError, match=r"0\.007 s is no multiple .* 0\.005 s, for example"):
        EpisodeRunner(replace(SPEC, settings={"dt": 0.007}))


def test_when_a_start_touches_a_fixture_expect_no_motion() -> None:
    runner = EpisodeRunner(EpisodeSpec("iiwa7+peg", "insert", {"duration": 0.1}))
    try:
        free = runner.task.draw(np.random.default_rng(0))
        assert len(runner.run(Episode(free, None)).controls) == 20
        tip = Kinematics(runner.task.robot).batch(free.q[None])[0][0]
        beside = tip + np.array([0.02, 0.0, 0.0])  # the wall of the hole where the peg is
        inside = replace(free, scene={"hole": Pose(beside, np.eye(3))})
        with pytest.raises(ConditionError, match=r"touches a fixture\. .* Nothing has moved"):
            runner.run(Episode(inside, None))
    finally:
        runner.close()


def test_when_a_start_is_in_collision_expect_no_motion() -> None:
    runner = EpisodeRunner(EpisodeSpec("iiwa7", "reach"))
    try:
        condition = runner.task.draw(np.random.default_rng(0))
        folded = np.array([0.0, 2.0, 0.0, -2.0, 0.0, 0.0, 0.0])
        assert runner.collides(folded)
        with pytest.raises(ConditionError, match=r"in collision .* Nothing has moved"):
            runner.check(replace(condition, q=folded))
    finally:
        runner.close()
