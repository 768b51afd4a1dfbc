"""The loop: excite, fit, act on the model, learn from that too, fit again.

Source: the scheme is that of model-based reinforcement learning with planning, as in Nagabandi et
al., "Neural network dynamics for model-based deep RL with model-free fine-tuning" (2018), alg. 1.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rl_control.data.transitions import TransitionDataset
from rl_control.errors import ModelError
from rl_control.models.evaluate import foretell
from rl_control.models.fit import FitResult, at_step, fit_model
from rl_control.models.learned import LearnedModel
from rl_control.run.learn_arm import LearningArm
from rl_control.run.learn_run import EXCITE, FIT, TARGET, Episode, LearnRun, Version
from rl_control.run.learn_settings import LearnConfig

Tell = Callable[[str], None]
_JUDGED = 10  # steps ahead, as in the verdict on a fit
_NEGLIGIBLE = 1e-3  # [rad] or [m]


def learn(arm: LearningArm, run: LearnRun, config: LearnConfig, tell: Tell) -> LearnRun:
    """Take `run` to its end; it may have been stopped anywhere.

    As long as no version is believed the arm is moved for one more rollout after each, up to twice
    as many as were asked for.

    Args:
        arm: what moves.
        run: where it stands.
        config: how much to move.
        tell: is told what happens, a line each.

    Raises:
        DataError: if the motion is not enough to learn from.
        ModelError: if no model that was fitted is better than the arm as described.
    """
    if run.current:
        arm.use(run.model(arm.robot))
    while True:
        # What is next follows from what is on disk, wherever the run was stopped.
        run = give_up_if_worse(arm, run, config, tell)
        failed = _failed(run)
        if len(run.data.sources) - len(run.episodes) < config.rollouts + failed:
            run = excite(arm, run, tell)
        elif len(run.versions) - failed <= len(run.episodes) // config.refit_every:
            run = refit(arm, run, config, tell)
        elif len(run.episodes) < config.episodes:
            run = act(arm, run, config, tell)
        else:
            return run


def excite(arm: LearningArm, run: LearnRun, tell: Tell) -> LearnRun:
    """Move about informatively for one rollout."""
    run = run.with_motion(arm.excite(run.rng(EXCITE, len(run.data.sources))))
    tell(f"excited for {run.data.seconds:.1f} s")
    return run


def act(arm: LearningArm, run: LearnRun, config: LearnConfig, tell: Tell) -> LearnRun:
    """Plan on the model towards one random target; keep what was seen."""
    number = len(run.episodes)
    (target,) = arm.targets(1, run.rng(TARGET, number))
    trajectory, result = arm.reach(target, config.episode_seconds)
    episode = Episode(run.current, result.final_error_m)
    motion = arm.transitions(trajectory, f"episode {number + 1}, version {run.current}")
    tell(f"episode {number + 1}: the tip ended {1e3 * result.final_error_m:.1f} mm from its target")
    return run.with_motion(motion, episode)


def refit(arm: LearningArm, run: LearnRun, config: LearnConfig, tell: Tell) -> LearnRun:
    """Fit a new version to all motion; believe it if it foretells the newest as well."""
    number = len(run.versions) + 1
    found = fit_model(arm.robot, run.data, config.fit, run.rng(FIT, number), start=arm.model)
    believed, reason = _believable(found, arm.model, run.data, config)
    version = Version(number, found.seconds, _error(found), believed, reason)
    tell(f"version {number} {'taken' if believed else 'rejected'}: {reason}")
    run = run.with_version(version, found.model)
    if run.current == 0 and number > config.rollouts:
        raise ModelError(
            "the first model", reason, "Move the arm for longer, or choose another kind of model."
        )
    if believed:
        # As it is on disk, so that a resumed run plans on the very same numbers.
        arm.use(run.model(arm.robot))
    return run


def give_up_if_worse(arm: LearningArm, run: LearnRun, config: LearnConfig, tell: Tell) -> LearnRun:
    """Go back to the version before if the arm misses its targets by more under the present one."""
    older = [v.number for v in run.versions if v.believed and v.number < run.current]
    misses = [e.final_error_m for e in run.episodes if e.version == run.current]
    if len(misses) < config.refit_every or not older:
        return run
    before = [e.final_error_m for e in run.episodes if e.version == older[-1]]
    # What is within the tolerance is not worth a comparison: targets differ.
    now, then = (max(float(np.mean(m or [0.0])), arm.task.tolerance) for m in (misses, before))
    if now <= config.worse * then:
        return run
    reason = f"episodes ended {1e3 * now:.1f} mm off, {1e3 * then:.1f} mm under version {older[-1]}"
    tell(f"back to version {older[-1]}: {reason}")
    run = run.back_to(older[-1], reason)
    arm.use(run.model(arm.robot))
    return run


def _failed(run: LearnRun) -> int:
    """Number of versions that were rejected before the first that was believed."""
    return next((k for k, v in enumerate(run.versions) if v.believed), len(run.versions))


def _believable(
    found: FitResult,
    present: LearnedModel | None,
    data: TransitionDataset,
    config: LearnConfig,
) -> tuple[bool, str]:
    """Whether a new model is to be planned on, and why."""
    if not found.verdict.usable:
        return False, found.verdict.reason
    if present is None:
        return True, found.verdict.reason
    newest = data.where(data.rollouts == data.rollouts[-1])
    new, old = (_newest_error(model, newest) for model in (found.model, present))
    if new > config.worse * old + _NEGLIGIBLE:
        return False, f"it foretells the newest motion worse: off by {new:.4f}, before {old:.4f}"
    return True, found.verdict.reason


def _newest_error(model: LearnedModel, data: TransitionDataset) -> float:
    steps = at_step(data, model.dt, overlap=False)
    return float(foretell(model, steps, (1, _JUDGED)).typical[-1])


def _error(found: FitResult) -> float:
    own = found.verdict.model
    judged = max(k for k, horizon in enumerate(own.horizons) if horizon <= _JUDGED)
    return float(own.typical[judged])
