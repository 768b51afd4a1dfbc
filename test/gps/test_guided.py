"""MPC-guided policy search on a planar arm, with a control law that is known as its teacher."""

from dataclasses import fields, replace

import casadi as ca
import numpy as np
import pytest
from small_problems import SmallTask

from rl_control.errors import DataError
from rl_control.gps.guided import guided_iteration, start_guided
from rl_control.gps.guided_settings import GuidedConfig
from rl_control.gps.guided_trainer import GuidedTrainer
from rl_control.gps.questions import imagined, visited
from rl_control.gps.task_model import TaskModel
from rl_control.policy.linear_gaussian import LinearGaussianController
from rl_control.policy.training_settings import PolicyConfig
from rl_control.robot.rigid_body import RigidBody

STIFFNESS, DRAG = 30.0, 10.0  # of the accelerations the teacher wants
CONFIG = GuidedConfig(
    rollouts=4,
    iterations=2,
    stride=5,
    nearby=2,
    imagined=40,
    policy=PolicyConfig(hidden=(32,), epochs=80, batch=128, learning_rate=1e-2),
)


class DrawnTask(SmallTask):
    """The small task with random goals."""

    observation = ("position", "velocity", "posture_error")
    duration = SmallTask.dt * SmallTask.steps

    def draw(self, rng):
        return self.condition(rng.uniform(-0.5, 0.5, self.robot.n))


@pytest.fixture(scope="session")
def small():
    """A `TaskModel` of that."""
    return TaskModel(DrawnTask())


@pytest.fixture
def teacher(small):
    """Pulls the joints to the posture wanted as a spring with a damper would."""

    def answer(goals, states):
        posture = np.array([goal.posture for goal in goals])
        n = posture.shape[1]
        wanted = STIFFNESS * (posture - states[:, :n]) - DRAG * states[:, n:]
        slope = small.slope("dynamics", CONFIG.period, states)
        return (slope @ wanted[..., None])[..., 0] + small.base("dynamics", states)

    return answer


@pytest.fixture
def moving(collect, small, teacher):
    """`moving(episodes)`: as `collect`, with the teacher in the planner's place."""

    def run(episodes):
        return [one(episode) for episode in episodes]

    def one(episode):
        if episode.actor is not None:
            return collect([episode])[0]
        return collect([replace(episode, actor=_first_controller(small, episode, teacher))])[0]

    return run


def _first_controller(small, episode, teacher):
    task = small.task
    n = task.robot.n
    x = np.concatenate([episode.condition.q, episode.condition.v])
    slope = small.slope("dynamics", CONFIG.period, x[None])[0]
    K = slope @ np.hstack([-STIFFNESS * np.eye(n), -DRAG * np.eye(n)])
    u = teacher([episode.condition.goal], x[None])[0]
    return LinearGaussianController(
        task.robot.names,
        task.dt,
        np.tile(K, (task.steps, 1, 1)),
        np.tile(u - K @ x, (task.steps, 1)),
        np.tile(np.eye(n), (task.steps, 1, 1)),
    )


def advanced(small, teacher, moving, config=CONFIG, seed=0):
    state, told = start_guided(small, config), []
    for k in range(config.iterations):
        rng = np.random.default_rng([seed, k])
        state, metrics = guided_iteration(state, small, teacher, moving, config, rng)
        told.append(metrics)
    return state, told


def same(a, b):
    return all(
        np.array_equal(getattr(a, f.name), getattr(b, f.name))
        for f in fields(a)
        if f.name != "policy"
    ) and all(np.array_equal(x, y) for x, y in zip(a.policy.weights, b.policy.weights, strict=True))


@pytest.mark.parametrize("loss", ["relative", "hamiltonian"])
def test_when_the_teacher_is_linear_in_what_is_seen_expect_its_law_where_it_was_not_asked(
    small, teacher, moving, loss
):
    state, told = advanced(small, teacher, moving, replace(CONFIG, loss=loss, balance=0.0))
    rng = np.random.default_rng(99)
    asked = imagined(small.task, CONFIG, rng)
    seen = small.look(state.policy.facts.layout, asked.goals, asked.states)
    outputs = state.policy.mean(seen)
    n = small.task.robot.n
    posture = np.array([goal.posture for goal in asked.goals])
    wanted = STIFFNESS * (posture - asked.states[:, :n]) - DRAG * asked.states[:, n:]
    assert np.sqrt(((outputs - wanted) ** 2).mean()) < 0.3 * np.sqrt((wanted**2).mean())
    assert [one.planned for one in told] == [1.0, 0.5]
    assert told[-1].answers == len(state.outputs)
    assert state.seconds == pytest.approx(2 * 4 * small.task.duration)


def test_when_it_is_stopped_and_loaded_expect_the_same_as_without(small, teacher, moving, tmp_path):
    trainer = GuidedTrainer(small, teacher, CONFIG)
    whole, _ = advanced(small, teacher, moving)
    half = trainer.start(np.random.default_rng(5))
    half, _ = trainer.iterate(half, moving, np.random.default_rng([0, 0]))
    trainer.save(tmp_path, half)
    loaded = trainer.load(tmp_path)
    assert same(loaded, half)
    assert not trainer.finished(loaded)
    after, _ = trainer.iterate(loaded, moving, np.random.default_rng([0, 1]))
    assert same(after, whole)
    assert trainer.finished(after)


def test_when_the_checkpoint_is_cut_short_expect_it_named(small, teacher, moving, tmp_path):
    trainer = GuidedTrainer(small, teacher, CONFIG)
    state, _ = trainer.iterate(
        trainer.start(np.random.default_rng(0)), moving, np.random.default_rng(0)
    )
    trainer.save(tmp_path, state)
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.stat().st_size > 1000:
            path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError):
        trainer.load(tmp_path)


def test_when_states_are_drawn_expect_them_within_the_limits_and_the_visited_ones_first(small):
    task, rng = small.task, np.random.default_rng(0)
    conditions = [task.draw(rng) for _ in range(3)]
    n = task.robot.n
    states = 0.1 * rng.standard_normal((3, task.steps + 1, 2 * n))
    wide = replace(CONFIG, spread=5.0, speed_spread=1.0)
    for asked in (visited(task, conditions, states, wide, rng), imagined(task, wide, rng)):
        limits = task.robot.limits
        assert len(asked.goals) == len(asked.states)
        assert (asked.states[:, :n] >= limits.lower).all()
        assert (asked.states[:, :n] <= limits.upper).all()
        assert (np.abs(asked.states[:, n:]) <= limits.velocity * (1 + 1e-12)).all()
    exact = visited(task, conditions, states, replace(CONFIG, nearby=0), rng)
    np.testing.assert_array_equal(
        exact.states, states[:, : task.steps : CONFIG.stride].reshape(-1, 2 * n)
    )


def test_when_the_policy_stands_on_dynamics_expect_its_output_as_the_acceleration(small):
    n = small.task.robot.n
    rng = np.random.default_rng(4)
    x, a = rng.standard_normal((5, 2 * n)), rng.standard_normal((5, n))
    step = 0.005
    efforts = (small.slope("dynamics", step, x) @ a[..., None])[..., 0]
    efforts = efforts + small.base("dynamics", x)
    q, v, u = (ca.SX.sym(name, n) for name in "qvu")
    back = ca.Function(
        "back", [q, v, u], [RigidBody(small.task.robot).forward_dynamics(q, v, u, step)]
    )
    found = [np.array(back(s[:n], s[n:], e)).ravel() for s, e in zip(x, efforts, strict=True)]
    np.testing.assert_allclose(found, a, atol=1e-9)
