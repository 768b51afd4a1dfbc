"""From motion to a model: identify, learn what is left, calibrate, judge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from rl_control.data.checks import check_enough
from rl_control.data.transitions import TransitionDataset
from rl_control.errors import ConfigError, DataError
from rl_control.models.evaluate import (
    ConstantVelocity,
    Foretold,
    Intervals,
    foretell,
    intervals,
)
from rl_control.models.features import Features
from rl_control.models.fit_settings import FitConfig
from rl_control.models.guess import guessed_robot
from rl_control.models.identification import identify
from rl_control.models.learned import LearnedModel, Residual, rigid_model
from rl_control.models.mechanics import Mechanics
from rl_control.models.moving import in_motion
from rl_control.models.net_settings import EpochReport
from rl_control.robot.model import RobotModel
from rl_control.types import Array

# Feedback mends what lies further ahead; as far as this a model must be better than none.
_JUDGED = 10
_STRETCH = 0.1  # [s] of motion held out that sets intervals, then as much that judges them


@dataclass(frozen=True)
class Verdict:
    """How a model compares on motion that it was not fitted to.

    Attributes:
        model: its own predictions.
        nominal: those of the arm as described.
        constant: those of an arm that goes on as it goes.
        intervals: whether it knows its own errors.
        usable: whether it is better than both others where a planner looks.
        reason: why it is usable or not, in a sentence.
    """

    model: Foretold
    nominal: Foretold
    constant: Foretold
    intervals: Intervals
    usable: bool
    reason: str


@dataclass(frozen=True)
class FitResult:
    """A fitted model, and how good it is.

    Attributes:
        model: its intervals were set on a part of the motion held out, where the arm moves.
        verdict: on the motion held out.
        held_out: that motion.
        unseen: the part of it that set nothing, by which intervals are judged.
        seconds: of motion it was fitted to.
        digest: of the data, held out or not.
    """

    model: LearnedModel
    verdict: Verdict
    held_out: TransitionDataset
    unseen: TransitionDataset
    seconds: float
    digest: str


def fit_model(
    robot: RobotModel,
    data: TransitionDataset,
    config: FitConfig,
    rng: Generator,
    start: LearnedModel | None = None,
    on_epoch: Callable[[EpochReport], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> FitResult:
    """Fit a model of `robot` to motion.

    Args:
        robot: the arm as described.
        data: at the control period, or at the model's step.
        config: what to fit.
        rng: chooses the rollouts held out, and what a Gaussian process keeps.
        start: a model fitted before, whose networks training may start from.
        on_epoch: called after every epoch of networks.
        stop: asked between epochs; True ends the training with the best so far.

    Raises:
        DataError: if there is too little motion, or a joint hardly moves.
        ConfigError: if base and residual are both "none".
        ModelError: if a loss is not finite.
    """
    if config.base == config.residual == "none":
        raise ConfigError("fit", "base", "none, with a residual of none", "Choose one of them.")
    data = data.ordered(robot.names)
    check_enough(data, config.least_seconds)
    rest, aside = data.split(config.held_out, rng)
    # What set the intervals cannot tell whether they hold.
    calibrating, unseen = aside.alternating(_STRETCH)
    seen = at_step(rest, config.dt)
    mechanics = _mechanics(robot, rest, config, start)
    residual = _residual(robot, mechanics, seen, config, rng, start, on_epoch, stop)
    model = LearnedModel(robot.names, config.dt, mechanics, residual, np.ones(2 * robot.n))
    model = model.calibrated(in_motion(at_step(calibrating, config.dt), robot.limits))
    verdict = judge(model, robot, aside, config.known, unseen)
    return FitResult(model, verdict, aside, unseen, rest.seconds, data.digest)


def judge(
    model: LearnedModel,
    robot: RobotModel,
    data: TransitionDataset,
    known: bool = True,
    unseen: TransitionDataset | None = None,
) -> Verdict:
    """Compare `model` with the arm as described, on motion it was not fitted to.

    Args:
        model: of the arm.
        robot: the arm as described.
        data: the motion.
        known: whether that description could be used instead; else a model may be worse.
        unseen: what judges the intervals, as far as the arm moves in it; `data` if not given.
    """
    apart = at_step(data, model.dt, overlap=False)
    own = foretell(model, apart)
    nominal = foretell(rigid_model(Mechanics(robot), model.dt), apart, own.horizons)
    constant = foretell(ConstantVelocity(robot.n, model.dt), apart, own.horizons)
    horizon = max(h for h in own.horizons if h <= _JUDGED)
    others = {"no model at all": constant}
    if known:
        others["the arm as described"] = nominal
    usable, reason = _usable(own, others, horizon, model.dt)
    told = at_step(data if unseen is None else unseen, model.dt)
    sure = intervals(model, in_motion(told, robot.limits))
    return Verdict(own, nominal, constant, sure, usable, reason)


def at_step(data: TransitionDataset, dt: float, overlap: bool = True) -> TransitionDataset:
    """The transitions over `dt` [s].

    Raises:
        DataError: if that is no multiple of the data's own step, or no run is that long.
    """
    steps = max(1, round(dt / data.dt))
    if abs(steps * data.dt - dt) > 1e-6 * dt:
        raise DataError(
            "transitions",
            f"steps of {data.dt:g} s do not make steps of {dt:g} s",
            "Resample them, or choose another step for the model.",
        )
    found = data.strided(steps, overlap)
    if not found.size:
        raise DataError("transitions", f"no run lasts {dt:g} s", "Record longer runs.")
    return replace(found, dt=dt)


def _mechanics(
    robot: RobotModel, data: TransitionDataset, config: FitConfig, start: LearnedModel | None
) -> Mechanics | None:
    """The rigid body, with what is compiled taken over from `start`."""
    if config.base == "none":
        return None
    prior = robot if config.known else guessed_robot(robot)
    before = None if start is None else start.mechanics
    mechanics = Mechanics(prior) if before is None else before.with_robot(prior)
    if config.base == "nominal":
        return mechanics
    found = identify(mechanics, at_step(data, config.dt), config.identification)
    return mechanics.with_robot(found.robot)


def _residual(
    robot: RobotModel,
    mechanics: Mechanics | None,
    data: TransitionDataset,
    config: FitConfig,
    rng: Generator,
    start: LearnedModel | None,
    on_epoch: Callable[[EpochReport], None] | None,
    stop: Callable[[], bool] | None,
) -> Residual | None:
    """What learns the accelerations that the rigid body leaves."""
    if config.residual == "none":
        return None
    targets = _left(mechanics, data)
    turning = tuple(joint.kind != "prismatic" for joint in robot.joints)
    x, u = data.states, data.controls
    if config.residual == "gp":
        from rl_control.models.gaussian_process import fit_gaussian_process

        return fit_gaussian_process(x, u, targets, robot.names, turning, rng)
    from rl_control.models.net_fit import fit_nets, worth

    nets = replace(config.nets, members=1) if config.residual == "net" else config.nets
    first = None if start is None else start.nets
    if first is not None and (first.members, first.hidden) != (nets.members, nets.hidden):
        first = None
    alone = mechanics is None
    fitted = fit_nets(
        Features(turning), x, u, targets, data.rollouts, nets, first, on_epoch, stop, alone
    )
    if alone:
        return fitted.nets  # less of it would be an arm without gravity
    aside = fitted.held_out
    return fitted.nets.shrunk(worth(fitted.nets, x[aside], u[aside], targets[aside]))


def _left(mechanics: Mechanics | None, data: TransitionDataset) -> Array:
    """The accelerations in `data` that `mechanics` does not explain, [M, n]."""
    n = data.n
    seen: Array = (data.next_states[:, n:] - data.states[:, n:]) / data.dt
    if mechanics is None:
        return seen
    return seen - mechanics.acceleration(data.states, data.controls, data.dt)


def _usable(
    own: Foretold, others: Mapping[str, Foretold], horizon: int, dt: float
) -> tuple[bool, str]:
    """Whether a model's positions are typically nearer than all the others' after `horizon`."""
    place = own.horizons.index(horizon)
    found = f"after {horizon * dt:.2g} s it is typically off by {own.typical[place]:.4f}"
    if own.finite[place] < 1.0:
        return False, f"its predictions diverge in {1 - own.finite[place]:.0%} of the windows"
    for name, other in others.items():
        if own.typical[place] > other.typical[place]:
            return False, f"{found}, {name} by {other.typical[place]:.4f}"
    beaten = (f"{name} by {other.typical[place]:.4f}" for name, other in others.items())
    return True, f"{found}; {', '.join(beaten)}"
