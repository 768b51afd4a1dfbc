"""MPC-guided policy search on a planar arm, with a control law that is known as its teacher."""

from dataclasses import fields, replace

import casadi as ca
import numpy as np
import pytest
from small_problems import SmallTask

from rl_control.errors import ConfigError, DataError, NonFiniteError
from rl_control.gps.guided import Guide, guided_iteration, start_guided
from rl_control.gps.guided_settings import GuidedConfig
from rl_control.gps.guided_trainer import GuidedTrainer
from rl_control.gps.lessons import Lessons
from rl_control.gps.questions import Way, rehearsed, visited
from rl_control.gps.task_model import TaskModel
from rl_control.gps.teacher import Answers
from rl_control.models.rigid import RigidModel
from rl_control.policy.linear_gaussian import LinearGaussianController
from rl_control.policy.partial import ImpairedConfig
from rl_control.policy.training_settings import PolicyConfig
from rl_control.robot.rigid_body import RigidBody

STIFFNESS, DRAG = 30.0, 10.0  # of the accelerations the teacher wants
PERIOD = 0.005  # [s]
CONFIG = GuidedConfig(
    rollouts=4,
    iterations=2,
    rehearsals=2,
    rehearsed=10,
    passes=10,
    period=PERIOD,
    policy=PolicyConfig(hidden=(32,), epochs=40, batch=128, learning_rate=1e-2),
)


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class DrawnTask(SmallTask):
    """The small task with random goals and speeds at the start."""

    observation = ("position", "velocity", "posture_error")
    duration = SmallTask.dt * SmallTask.steps

    def draw(self, rng):
        n = self.robot.n
        begun = self.condition(rng.uniform(-0.5, 0.5, n))
        return replace(begun, v=rng.uniform(-1.0, 1.0, n))


@pytest.fixture(scope="session")
def small():
    """A `TaskModel` of that."""
    return TaskModel(DrawnTask())


@pytest.fixture(scope="session")
def wanted(small):
    """`wanted(way)`: the accelerations of joints pulled by springs with dampers, [M, n]."""

    def accelerations(way):
        posture, n = np.array([goal.posture for goal in way.goals]), small.task.robot.n
        return STIFFNESS * (posture - way.states[:, :n]) - DRAG * way.states[:, n:]

    return accelerations


@pytest.fixture(scope="session")
def teacher(small, wanted):
    """A teacher that gives these accelerations, and counts their squares as their cost."""

    def answer(way):
        outputs, a = small.outputs("dynamics", PERIOD), wanted(way)
        efforts = outputs.efforts(way.states, a)
        back = np.linalg.inv(outputs.slopes(way.states, a)[1])
        return Answers(efforts, back.swapaxes(-1, -2) @ back)

    return answer


@pytest.fixture(scope="session")
def guided(small, teacher):
    """`guided(**changes)`: the guide with changed settings."""
    dynamics = RigidModel(small.task.robot, PERIOD)
    return lambda **changes: Guide(small, dynamics, teacher, replace(CONFIG, **changes))


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
    slope = small.outputs("dynamics", PERIOD).slopes(x, np.zeros(2))[1]
    K = slope @ np.hstack([-STIFFNESS * np.eye(n), -DRAG * np.eye(n)])
    u = teacher(Way((episode.condition.goal,), x[None], task.dt)).efforts[0]
    return LinearGaussianController(
        task.robot.names,
        task.dt,
        np.tile(K, (task.steps, 1, 1)),
        np.tile(u - K @ x, (task.steps, 1)),
        np.tile(np.eye(n), (task.steps, 1, 1)),
    )


def advanced(guide, moving, seed=0):
    state, told = start_guided(guide), []
    for k in range(guide.config.iterations):
        state, metrics = guided_iteration(state, guide, moving, np.random.default_rng([seed, k]))
        told.append(metrics)
    return state, told


def same(a, b):
    """Whether two states are, to the bit."""
    pairs = [(getattr(a.lessons, f.name), getattr(b.lessons, f.name)) for f in fields(Lessons)]
    if a.policy is not None:
        pairs += zip(a.policy.weights, b.policy.weights, strict=True)
    told = [(one.iteration, one.seconds) for one in (a, b)]
    return told[0] == told[1] and all(np.array_equal(*pair) for pair in pairs)


def missed(guide, policy, wanted, seed=99):
    """RMS of what a policy lacks of the law along its own ways, as a share of the law's."""
    rng = np.random.default_rng(seed)
    conditions = [guide.model.task.draw(rng) for _ in range(20)]
    states = rehearsed(guide.model, guide.dynamics, policy, conditions)
    away, size = [], []
    for way in visited(guide.model.task, conditions, states, 1e6):
        law = wanted(way)
        away.append(policy.mean(guide.model.look(policy.facts.layout, way.goals, way.states)) - law)
        size.append(law)
    return np.sqrt(np.mean(np.square(away)) / np.mean(np.square(size)))


@pytest.mark.parametrize("loss", ["output", "precision", "hamiltonian"])
def test_when_the_teacher_is_linear_in_what_is_seen_expect_its_law_where_it_was_not_asked(
    guided, moving, wanted, loss
):
    guide = guided(loss=loss)
    state, told = advanced(guide, moving)
    assert missed(guide, state.policy, wanted) < 0.1
    assert [one.planned for one in told] == [1.0, 0.5]
    assert told[-1].answers == np.count_nonzero(state.lessons.said)
    assert told[-1].answers == 2 * (4 + 2 * 10) * guide.model.task.steps
    assert state.seconds == pytest.approx(2 * 4 * guide.model.task.duration)


def test_when_it_rehearses_expect_it_nearer_to_the_teacher_than_by_its_motions_alone(
    guided, moving, wanted
):
    # As many passes over the data in all.
    short = replace(CONFIG.policy, epochs=CONFIG.policy.epochs + 2 * CONFIG.passes)
    alone, _ = advanced(guided(rehearsals=0, policy=short), moving)
    guide = guided()
    both, _ = advanced(guide, moving)
    assert missed(guide, both.policy, wanted) < 0.5 * missed(guide, alone.policy, wanted)


def test_when_some_answers_jump_expect_the_law_of_the_others(guided, moving, wanted, teacher):
    def jumpy(way):
        answers = teacher(way)
        efforts = answers.efforts.copy()
        efforts[::7] *= -8.0
        return replace(answers, efforts=efforts)

    guide = replace(guided(), teacher=jumpy)
    tolerant, _ = advanced(guide, moving)
    exact = replace(guide, config=replace(guide.config, tolerance=1e6))
    misled, _ = advanced(exact, moving)
    assert missed(guide, tolerant.policy, wanted) < 0.5 * missed(guide, misled.policy, wanted)


def strayed(guide, policy, seed=99):
    """Mean distance of a policy from where the law leads, as a share of the whole way."""
    task, rng = guide.model.task, np.random.default_rng(seed)
    conditions = [task.draw(rng) for _ in range(20)]
    states = rehearsed(guide.model, guide.dynamics, policy, conditions).swapaxes(0, 1)
    left = np.array([one.goal.posture for one in conditions]) - states[..., : task.robot.n]
    now, speed, lawful = left[0], np.array([one.v for one in conditions]), []
    for _ in range(task.steps):
        lawful.append(now)
        for _ in range(round(task.dt / PERIOD)):
            speed = speed + PERIOD * (STIFFNESS * now - DRAG * speed)
            now = now - PERIOD * speed
    return np.abs(left - np.array(lawful)).mean() / np.abs(left[0]).mean()


def test_when_velocities_are_hidden_expect_memory_to_make_up_for_them(guided, moving):
    found = {}
    for network in ("gru", "mlp"):
        learn = replace(CONFIG.policy, network=network, units=24, sequences=16, epochs=25)
        guide = guided(
            parts=("position", "posture_error"), base="inertia", policy=learn, rehearsals=2
        )
        found[network] = strayed(guide, advanced(guide, moving)[0].policy)
    assert found["gru"] < 0.04
    assert found["gru"] < 0.4 * found["mlp"]


def test_when_measurements_come_late_expect_lessons_with_what_was_seen_and_what_was_due(
    guided, moving
):
    learn = replace(CONFIG.policy, network="gru", units=4, epochs=1)
    plain = guided(policy=learn, rehearsals=0)
    late = guided(policy=learn, rehearsals=0, measured=ImpairedConfig(delay=3))
    known, seen = (
        guided_iteration(start_guided(guide), guide, moving, np.random.default_rng(1))[0].lessons
        for guide in (plain, late)
    )
    np.testing.assert_array_equal(seen.observations[:, 3:], known.observations[:, :-3])
    np.testing.assert_array_equal(seen.outputs, known.outputs)


def test_when_measurements_get_lost_expect_a_policy_without_memory_refused(guided):
    with pytest.raises(ConfigError, match="network to gru"):
        start_guided(guided(measured=ImpairedConfig(lost=0.1)))


def test_when_every_motion_starts_too_fast_expect_it_said_and_the_state_as_it_was(guided, moving):
    guide = guided(beyond=1.0)
    top = guide.model.task.robot.limits.velocity

    def hurried(episodes):
        begun = [replace(one.condition, v=1.5 * top) for one in episodes]
        pairs = zip(episodes, begun, strict=True)
        return moving([replace(one, condition=condition) for one, condition in pairs])

    state = start_guided(guide)
    with pytest.raises(DataError, match="beyond"):
        guided_iteration(state, guide, hurried, np.random.default_rng(0))
    assert same(state, start_guided(guide))


@pytest.mark.parametrize("what", ["efforts", "curvatures"])
def test_when_an_answer_is_no_number_expect_it_named(guided, moving, teacher, what):
    def broken(way):
        answers = teacher(way)
        values = getattr(answers, what).copy()
        values[3] = np.nan
        return replace(answers, **{what: values})

    guide = replace(guided(), teacher=broken)
    with pytest.raises(NonFiniteError):
        guided_iteration(start_guided(guide), guide, moving, np.random.default_rng(0))


def test_when_it_is_stopped_and_loaded_expect_the_same_as_without(guided, moving, tmp_path):
    trainer = GuidedTrainer(guided())
    whole, _ = advanced(guided(), moving)
    half = trainer.start(np.random.default_rng(5))
    half, _ = trainer.iterate(half, moving, np.random.default_rng([0, 0]))
    trainer.save(tmp_path, half)
    loaded = trainer.load(tmp_path)
    assert same(loaded, half)
    assert not trainer.finished(loaded)
    after, _ = trainer.iterate(loaded, moving, np.random.default_rng([0, 1]))
    assert same(after, whole)
    assert trainer.finished(after)


def test_when_the_checkpoint_is_cut_short_expect_it_named(guided, moving, tmp_path):
    trainer = GuidedTrainer(guided())
    state, _ = trainer.iterate(
        trainer.start(np.random.default_rng(0)), moving, np.random.default_rng(0)
    )
    trainer.save(tmp_path, state)
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.stat().st_size > 1000:
            path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError):
        trainer.load(tmp_path)


@pytest.mark.parametrize("base", ["dynamics", "inertia"])
def test_when_the_policy_stands_on_dynamics_expect_its_output_as_the_acceleration(small, base):
    n = small.task.robot.n
    rng = np.random.default_rng(4)
    x, a = rng.standard_normal((5, 2 * n)), rng.standard_normal((5, n))
    step = 0.005
    efforts = small.outputs(base, step).efforts(x, a)
    if base == "inertia":
        x[:, n:] = 0.0  # so it is in an arm at rest, whatever the speeds
    q, v, u = (ca.SX.sym(name, n) for name in "qvu")
    back = ca.Function(
        "back", [q, v, u], [RigidBody(small.task.robot).forward_dynamics(q, v, u, step)]
    )
    found = [np.array(back(s[:n], s[n:], e)).ravel() for s, e in zip(x, efforts, strict=True)]
    np.testing.assert_allclose(found, a, atol=1e-9)
