"""Guided policy search by mirror descent: the whole trainer, one iteration after the other.

    1  rollouts of every condition with its controller (or the policy)
    2  the cost around them, quadratic
    3  the dynamics around them, linear-Gaussian, fitted under a mixture prior
    4  at first: a policy that does what the first controllers do
    5  the policy around them, linear-Gaussian, fitted under a mixture prior
    6  the size of the step, from how well the last one was foretold
    7  C-step: controllers that are better, within a trust region around the policy
    8  S-step: a policy that does what these controllers do

Source: Montgomery & Levine, "Guided policy search as approximate mirror descent" (2016), algorithm
2, with steps sized as in its section 4.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.random import Generator

from rl_control.gps.dual import improved
from rl_control.gps.episode import Collect, Episode
from rl_control.gps.first import first_of, output_price
from rl_control.gps.fitting import fit_dynamics, fit_policy_around
from rl_control.gps.kl import expected_cost, forward
from rl_control.gps.motions import gathered
from rl_control.gps.settings import MdgpsConfig
from rl_control.gps.state import MdgpsState, Metrics
from rl_control.gps.step_rule import Costs, judged_step
from rl_control.gps.task_model import TaskModel
from rl_control.gps.teaching import lessons
from rl_control.policy.training import NewPolicy, fit_policy
from rl_control.types import Condition

_SEEDS = 2**32


def start_mdgps(
    model: TaskModel, conditions: Sequence[Condition], config: MdgpsConfig
) -> MdgpsState:
    """Return the state before the first iteration: first controllers, and no policy yet."""
    controllers = tuple(first_of(model, condition, config) for condition in conditions)
    return MdgpsState(tuple(conditions), controllers, np.ones(len(controllers)))


def mdgps_iteration(
    state: MdgpsState, model: TaskModel, collect: Collect, config: MdgpsConfig, rng: Generator
) -> tuple[MdgpsState, Metrics]:
    """Return the state after one more iteration, and what is to be told of it.

    Args:
        state: the state before; it stays as it is, whatever happens.
        model: of the task.
        collect: makes rollouts.
        config: see there.
        rng: draws all that is random; one of its own for each iteration lets a run that was
            interrupted go on as if it had not been.

    Raises:
        DataError, JointMismatchError, NonFiniteError: if rollouts cannot be used.
        TrustRegionError: if no controller is near enough to the policy.
        PolicyError: if the training of the policy fails.
    """
    task, conditions = model.task, state.conditions
    outputs = model.outputs(config.base, config.period)
    price = output_price(task, config)
    # 1
    rollouts = collect(_episodes(state, config, rng))
    shape = len(conditions), task.robot.names, task.dt, task.steps
    motions = gathered(rollouts, *shape, outputs.behind)
    recent = state.remembered(motions, config.memory)
    # 2
    expansions = [
        model.expand(*part, outputs, price)
        for part in zip(conditions, motions.states, motions.controls, strict=True)
    ]
    costs = [cost for cost, _ in expansions]
    sampled = float(np.mean([values for _, values in expansions]))
    # 3
    dynamics = fit_dynamics(state, model, motions, recent, config, rng)
    # 4
    policy = state.policy
    if policy is None:
        period = config.period if config.policy.network == "mlp" else task.dt
        new = NewPolicy(task.name, model.layout(config.parts), period, config.base)
        taught = lessons(model, conditions, state.controllers, dynamics.each, recent, config, rng)
        policy = fit_policy(new, taught, config.policy, rng).policy
    # 5
    around = fit_policy_around(state, policy, model, motions, recent, config, rng)
    moving = [forward(one, under) for one, under in zip(around.each, dynamics.each, strict=True)]
    expected = float(np.mean([expected_cost(*pair) for pair in zip(costs, moving, strict=True)]))
    # 6
    step = judged_step(state.multiplier, state.before, expected, sampled, config.step)
    # 7
    bound = config.kl_step * step.multiplier * task.steps
    parts = zip(costs, dynamics.each, around.each, state.etas, strict=True)
    better = [
        improved(cost, under, near, bound, eta, config.entropy_weight)
        for cost, under, near, eta in parts
    ]
    controllers = tuple(one.controller for one in better)
    foretold = float(
        np.mean([expected_cost(cost, one.motion) for cost, one in zip(costs, better, strict=True)])
    )
    # 8
    taught = lessons(model, conditions, controllers, dynamics.each, recent, config, rng)
    fit = fit_policy(policy, taught, config.policy, rng)
    after = replace(
        state,
        iteration=state.iteration + 1,
        controllers=controllers,
        policy=fit.policy,
        recent=recent,
        dynamics_mixture=dynamics.mixture,
        policy_mixture=around.mixture,
        multiplier=step.multiplier,
        etas=np.array([one.eta for one in better]),
        before=Costs(expected, sampled, foretold),
        quiet=state.quiet + 1 if step.converged else 0,
        seconds=state.seconds + len(rollouts) * task.steps * task.dt,
    )
    acted_in = [one for one in conditions for _ in range(len(rollouts) // len(conditions))]
    told = Metrics(
        iteration=state.iteration,
        seconds=after.seconds,
        cost=sampled,
        expected_cost=expected,
        foretold_cost=foretold,
        foretold_gain=step.foretold,
        actual_gain=step.actual,
        multiplier=step.multiplier,
        divergence=float(np.mean([one.divergence for one in better])) / task.steps,
        eta=float(np.exp(np.log(after.etas).mean())),
        tries=max(one.tries for one in better),
        loss=fit.history[-1].loss,
        policy_deviation=_deviation([fit.policy.facts.covariance]),
        controller_deviation=_deviation([one.covariance for one in controllers]),
        **model.outcome(acted_in, rollouts),
    )
    return after, told


def is_converged(state: MdgpsState, config: MdgpsConfig) -> bool:
    """Say whether there is nothing to gain by going on.

    Then it is time to stop: rollouts that hardly differ tell little of the dynamics, and
    controllers improved on what is fitted to them get stiffer until the arm is stopped.
    """
    return state.quiet >= config.patience


def _episodes(state: MdgpsState, config: MdgpsConfig, rng: Generator) -> list[Episode]:
    """The rollouts of an iteration, those of one condition together."""
    on_policy = config.act == "policy" and state.policy is not None
    episodes = []
    for condition, controller in zip(state.conditions, state.controllers, strict=True):
        actor = state.policy if on_policy else controller
        seeds = rng.integers(_SEEDS, size=config.samples)
        episodes += [Episode(condition, actor, int(seed)) for seed in seeds]
    return episodes


def _deviation(covariances: Sequence[np.ndarray]) -> float:
    return float(np.sqrt(np.diagonal(np.stack(covariances), axis1=-2, axis2=-1)).mean())
