"""Guided policy search by a planner that knows the dynamics: it is asked where the policy goes.

An iteration:

1. The policy moves the arm, from new starts to new targets; in a share of the ticks the teacher
   acts in its place, in all of them at first.
2. Questions are drawn: the states visited, states around them, and states on the way to targets
   that no motion was made to.
3. The teacher answers them with efforts.
4. The answers join those of the iterations before,
5. and the policy is trained on all of them.

The policy's output is best taken for accelerations (base "dynamics"): a planner's accelerations
change little with where the arm is, and a relative error of an effort is a large acceleration of
a light joint.

Source: Ross, Gordon, Bagnell, "A reduction of imitation learning and structured prediction to
no-regret online learning" (2011) for 1 to 5; Zhang, Kahn, Levine, Abbeel, "Learning deep control
policies for autonomous aerial vehicles with MPC-guided policy search" (2016) for the planner as
teacher; Carius, Farshidian, Hutter, "MPC-Net" (2020) for the Hamiltonian.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from rl_control.gps.episode import Collect, Episode
from rl_control.gps.guided_settings import GuidedConfig
from rl_control.gps.motions import in_steps
from rl_control.gps.questions import Questions, imagined, visited
from rl_control.gps.task_model import TaskModel
from rl_control.gps.teacher import Teacher
from rl_control.policy.demonstrations import Demonstrations
from rl_control.policy.training import NewPolicy, Policy, fit_policy
from rl_control.types import Array, Condition, Trajectory


@dataclass(frozen=True)
class GuidedState:
    """All that an iteration needs to know of those before.

    Attributes:
        iteration: iterations made.
        policy: taught last; None before the first iteration.
        observations: of all questions so far, [M, no].
        outputs: of a policy that does what the teacher answered, [M, nu].
        costs: what their deviations cost, [M, nu, nu].
        seconds: time of motion so far in [s].
    """

    observations: Array
    outputs: Array
    costs: Array
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


def start_guided(model: TaskModel, config: GuidedConfig) -> GuidedState:
    """Return the state before the first iteration."""
    n, size = model.task.robot.n, model.layout(config.parts).size
    return GuidedState(np.zeros((0, size)), np.zeros((0, n)), np.zeros((0, n, n)))


def guided_iteration(
    state: GuidedState,
    model: TaskModel,
    teacher: Teacher,
    collect: Collect,
    config: GuidedConfig,
    rng: Generator,
) -> tuple[GuidedState, GuidedMetrics]:
    """Return the state after one more iteration, and what it tells.

    Args:
        state: of before; it is not changed.
        model: of the task.
        teacher: answers questions.
        collect: makes rollouts; an episode without an actor is the planner's.
        config: see there.
        rng: draws all that is random; one of its own for each iteration lets a run that was
            interrupted go on as if it had not been.

    Raises:
        DataError, JointMismatchError, NonFiniteError: if rollouts or answers cannot be used.
        PolicyError: if the training of the policy fails.
    """
    task = model.task
    # 1
    share = 1.0 if state.policy is None else config.mixing**state.iteration
    conditions = [task.draw(rng) for _ in range(config.rollouts)]
    # The policy acts by its mean: noise would lead where it never goes.
    planned = 0.0 if state.policy is None else share
    rollouts = collect([Episode(one, state.policy, planned=planned) for one in conditions])
    motions = [in_steps(one, task.robot.names, task.dt, task.steps) for one in rollouts]
    # 2
    states = np.stack([x for x, _ in motions])
    questions = visited(task, conditions, states, config, rng).and_also(imagined(task, config, rng))
    # 3
    efforts = teacher(questions.goals, questions.states)
    # 4
    new = NewPolicy(task.name, model.layout(config.parts), config.period, config.base)
    price = model.effort_cost(conditions[0]) if config.loss == "hamiltonian" else None
    known = _with_answers(state, model, new, questions, efforts, price)
    # 5
    lessons = _lessons(known, config)
    fit = fit_policy(state.policy or new, lessons, config.policy, rng)
    after = replace(
        known,
        iteration=state.iteration + 1,
        policy=fit.policy,
        seconds=state.seconds + task.duration * len(rollouts),
    )
    return after, _metrics(after, model, conditions, rollouts, share, fit.history[-1].loss)


def _with_answers(
    state: GuidedState,
    model: TaskModel,
    new: NewPolicy,
    questions: Questions,
    efforts: Array,
    price: Array | None,
) -> GuidedState:
    """The state with answers in the terms of the policy; `price` is the cost of efforts."""
    slope = model.slope(new.base, new.dt, questions.states)
    away = efforts - model.base(new.base, questions.states)
    outputs = np.linalg.solve(slope, away[..., None])[..., 0]
    costs = np.broadcast_to(np.eye(efforts.shape[1]), slope.shape)
    if price is not None:
        # Effort costs its square, and dynamics are affine in it: so is the Hamiltonian quadratic.
        costs = slope.swapaxes(-1, -2) @ price @ slope
    seen = model.look(new.layout, questions.goals, questions.states)
    return replace(
        state,
        observations=np.concatenate([state.observations, seen]),
        outputs=np.concatenate([state.outputs, outputs]),
        costs=np.concatenate([state.costs, costs]),
    )


def _lessons(state: GuidedState, config: GuidedConfig) -> Demonstrations:
    """All answers so far, as runs of one tick; great outputs count less, if so wanted."""
    outputs, costs = state.outputs, state.costs
    units = np.maximum(np.sqrt((outputs**2).mean(axis=0)), 1e-9)
    size = np.sqrt(((outputs / units) ** 2).mean(axis=1))
    weight = (config.resolution + size) ** -config.balance
    if config.loss == "relative":
        costs = costs / units[:, None] / units
    precision = (weight / weight.mean())[:, None, None] * costs
    return Demonstrations(state.observations[:, None], outputs[:, None], precision[:, None])


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
        answers=len(state.outputs),
        loss=loss,
        **model.outcome(conditions, rollouts),
    )
