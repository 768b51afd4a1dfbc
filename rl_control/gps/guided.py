"""Guided policy search by a planner that knows the dynamics: it is asked where the policy goes.

An iteration:

1. The policy moves the arm, from new starts to new targets; in a share of the ticks the teacher
   acts in its place, in all of them at first.
2. The teacher says what it would have done along these ways.
3. The policy is trained on all that the teacher ever said,
4. and rehearses: rolled out on the model, from and to where no motion was made, it goes elsewhere
   than the teacher would. The teacher is asked along these ways too, as in 2, and on with 3.

The policy's output is best taken for accelerations (base "dynamics"): a planner's accelerations
change little with where the arm is, and a relative error of an effort is a large acceleration of
a light joint. A policy that is to see no velocities has the base "inertia" for this.

Source: Ross, Gordon, Bagnell, "A reduction of imitation learning and structured prediction to
no-regret online learning" (2011) for 1 to 3; Zhang, Kahn, Levine, Abbeel, "Learning deep control
policies for autonomous aerial vehicles with MPC-guided policy search" (2016) for the planner as
teacher; Carius, Farshidian, Hutter, "MPC-Net" (2020) for the Hamiltonian.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from rl_control.errors import ConfigError, DataError
from rl_control.gps.episode import Collect, Episode
from rl_control.gps.guided_settings import GuidedConfig
from rl_control.gps.lessons import Lessons, demonstrations
from rl_control.gps.motions import in_steps
from rl_control.gps.questions import Way, rehearsed, visited
from rl_control.gps.task_model import TaskModel
from rl_control.gps.teacher import Teacher
from rl_control.interfaces import DynamicsModel
from rl_control.policy.partial import PERFECT, Impaired, impaired
from rl_control.policy.training import NewPolicy, Policy, PolicyFit, fit_policy
from rl_control.types import Array, Condition, Trajectory


@dataclass(frozen=True)
class GuidedState:
    """All that an iteration needs to know of those before.

    Attributes:
        lessons: all that the teacher said so far.
        iteration: iterations made.
        policy: taught last; None before the first iteration.
        seconds: time of motion so far in [s].
    """

    lessons: Lessons
    iteration: int = 0
    policy: Policy | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class GuidedMetrics:
    """What an iteration tells.

    Attributes:
        iteration: its number, from 0.
        seconds: time of motion so far in [s].
        planned: share of the ticks in which the teacher acted.
        cost: of the rollouts, their mean.
        error: median of the rollouts' error by the task in [m].
        success: share of the rollouts that succeeded.
        answers: of the teacher so far.
        loss: of the policy's training at its end.
    """

    iteration: int
    seconds: float
    planned: float
    cost: float
    error: float
    success: float
    answers: int
    loss: float


@dataclass(frozen=True)
class Guide:
    """What is known of a task and of the arm, and the settings.

    Attributes:
        model: of the task.
        dynamics: of the arm, with a step that divides those of task and policy.
        teacher: is asked.
        config: see there.
    """

    model: TaskModel
    dynamics: DynamicsModel
    teacher: Teacher
    config: GuidedConfig

    @property
    def new(self) -> NewPolicy:
        """What the policy is to be; one with memory acts once a step of the task."""
        task, config = self.model.task, self.config
        period = config.period if config.policy.network == "mlp" else task.dt
        return NewPolicy(task.name, self.model.layout(config.parts), period, config.base)


def start_guided(guide: Guide) -> GuidedState:
    """Return the state before the first iteration.

    Raises:
        ConfigError: if measurements are impaired, and the policy has no memory to make up for it.
    """
    config = guide.config
    if config.policy.network == "mlp" and config.measured != PERFECT:
        raise ConfigError(
            "guided policy search",
            "measured",
            "it says that measurements come late or get lost, and the policy is an mlp",
            "Set policy.network to gru: it takes memory to make up for them.",
        )
    task, seen = guide.model.task, guide.model.layout(guide.config.parts).size
    return GuidedState(Lessons.none(task.steps, seen, task.robot.n))


def guided_iteration(
    state: GuidedState, guide: Guide, collect: Collect, rng: Generator
) -> tuple[GuidedState, GuidedMetrics]:
    """Return the state after one more iteration, and what it tells.

    Args:
        state: of before; it is not changed.
        guide: what is known and wanted.
        collect: makes rollouts; an episode without an actor is the planner's.
        rng: draws all that is random; one of its own for each iteration lets a run that was
            interrupted go on as if it had not been.

    Raises:
        DataError, JointMismatchError, NonFiniteError: if rollouts or answers cannot be used.
        PolicyError: if the training of the policy fails.
    """
    model, config = guide.model, guide.config
    task = model.task
    # 1
    share = 1.0 if state.policy is None else config.mixing**state.iteration
    conditions = [task.draw(rng) for _ in range(config.rollouts)]
    # The policy acts by its mean: noise would lead where it never goes.
    planned = 0.0 if state.policy is None else share
    rollouts = collect([Episode(one, state.policy, planned=planned) for one in conditions])
    motions = [in_steps(one, task.robot.names, task.dt, task.steps) for one in rollouts]
    states = np.stack([x[:-1] for x, _ in motions])
    # 2
    price = model.effort_cost(conditions[0]) if config.loss == "hamiltonian" else None
    ways = visited(task, conditions, states, config.beyond)
    known = _asked(state, guide, price, ways, rng)
    for _ in range(config.rehearsals):
        # 3
        policy = _taught(known, guide, config.passes, rng).policy
        # 4
        elsewhere = [task.draw(rng) for _ in range(config.rehearsed)]
        eyes = [Impaired(config.measured, rng) for _ in elsewhere]
        states = rehearsed(model, guide.dynamics, policy, elsewhere, eyes)
        ways = visited(task, elsewhere, states, config.beyond)
        known = _asked(replace(known, policy=policy), guide, price, ways, rng)
    fit = _taught(known, guide, config.policy.epochs, rng)
    after = replace(
        known,
        iteration=state.iteration + 1,
        policy=fit.policy,
        seconds=state.seconds + task.duration * len(rollouts),
    )
    return after, _metrics(after, model, conditions, rollouts, share, fit.history[-1].loss)


def _asked(
    state: GuidedState, guide: Guide, price: Array | None, ways: Sequence[Way], rng: Generator
) -> GuidedState:
    """The state with the teacher's answers along more ways; `price` is the cost of efforts."""
    if not ways:
        return state
    lessons = [_lesson(guide, price, way, rng) for way in ways]
    said = Lessons.of(lessons, guide.model.task.steps)
    return replace(state, lessons=state.lessons.and_also(said))


def _lesson(
    guide: Guide, price: Array | None, way: Way, rng: Generator
) -> tuple[Array, Array, Array]:
    """Observations, outputs and costs along a way, see `Lessons`.

    The teacher knows every state; the policy is shown it as it is measured.
    """
    model, new = guide.model, guide.new
    answers = guide.teacher(way)
    stands = model.outputs(new.base, new.dt)
    outputs = stands.behind(way.states, answers.efforts)
    slope = stands.slopes(way.states, outputs)[1]
    costs = answers.curvatures
    if price is not None:
        # Effort costs its square, and dynamics are affine in it: so is the Hamiltonian quadratic.
        costs = np.broadcast_to(price, costs.shape)
    seen = model.look(new.layout, way.goals, way.states)[None]
    seen = impaired(seen, guide.config.measured, rng)[0]
    return seen, outputs, slope.swapaxes(-1, -2) @ costs @ slope


def _taught(state: GuidedState, guide: Guide, epochs: int, rng: Generator) -> PolicyFit:
    """A policy trained on all lessons so far."""
    config, policy = guide.config, state.policy
    if not state.lessons.said.any():
        raise DataError(
            "guided policy search",
            f"in every motion a joint starts faster than {config.beyond:g} times its limit",
            "Draw slower starts, or raise `beyond`.",
        )
    wanted = demonstrations(state.lessons, policy, config.loss == "output", config.tolerance)
    return fit_policy(policy or guide.new, wanted, replace(config.policy, epochs=epochs), rng)


def _metrics(
    state: GuidedState,
    model: TaskModel,
    conditions: Sequence[Condition],
    rollouts: Sequence[Trajectory],
    share: float,
    loss: float,
) -> GuidedMetrics:
    costs = [model.cost(*pair) for pair in zip(conditions, rollouts, strict=True)]
    return GuidedMetrics(
        iteration=state.iteration - 1,
        seconds=state.seconds,
        planned=share,
        cost=float(np.mean(costs)),
        answers=int(np.count_nonzero(state.lessons.said)),
        loss=loss,
        **model.outcome(conditions, rollouts),
    )
