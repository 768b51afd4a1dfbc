"""What a learner's side process does: fit a model to all motion, and keep it if it is no worse."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from rl_control.data.store import load_transitions
from rl_control.data.transitions import TransitionDataset
from rl_control.errors import RlControlError
from rl_control.models.evaluate import foretell
from rl_control.models.fit import FitResult, at_step, fit_model
from rl_control.models.fit_settings import FitConfig
from rl_control.models.learned import LearnedModel
from rl_control.models.moving import in_motion
from rl_control.models.store import save_model
from rl_control.robot.model import RobotModel
from rl_control.ros.learner_config import RefitConfig
from rl_control.ros.model_shelf import DATA, newest, prune, version_path
from rl_control.ros.motion_data import set_newest_aside
from rl_control.ros.plannable import load_plannable
from rl_control.ros.portable_model import PortableModel

HORIZONS = (1, 10)  # steps; the longest that the motion has is judged, as in `models.fit`
NO_FIT, NOT_USABLE, WORSE = "no_fit", "not_usable", "worse_than_before"


@dataclass(frozen=True)
class Refitted:
    """What became of one fit.

    Attributes:
        number: of the new version; 0 if there is none.
        model: that version.
        rejection: "" or why there is none: "no_fit", "not_usable" or "worse_than_before".
        reason: the same in a sentence.
        seconds: the fit took.
    """

    number: int
    model: PortableModel | None
    rejection: str
    reason: str
    seconds: float


class Refitter:
    """Answers the number of a fit with `Refitted`; the motion is read from the folder.

    The newest motion judges whether a version is kept, and how sure it may be.

    Args:
        robot: the arm as described.
        folder: of versions and motion.
        config: when a version is kept.
        fit: what is fitted.
    """

    def __init__(
        self, robot: RobotModel, folder: Path, config: RefitConfig, fit: FitConfig
    ) -> None:
        self._robot, self._folder, self._config, self._fit = robot, folder, config, fit
        self._parent = os.getppid()
        self._before: LearnedModel | None = None
        self._number = newest(folder)
        if self._number:
            self._before, _ = load_plannable(version_path(folder, self._number), robot, fit.dt)
        if fit.residual != "none":
            import torch

            torch.set_num_threads(1)

    def __call__(self, draw: int) -> Refitted:
        """Fit once; equal motion and `draw` give equal models."""
        begun = time.monotonic()
        try:
            rest, aside = set_newest_aside(
                load_transitions(self._folder / DATA), self._config.judged
            )
            found = fit_model(
                self._robot,
                rest,
                self._fit,
                np.random.default_rng([self._config.seed, draw]),
                start=self._before,
                stop=lambda: self._must_stop(begun),
            )
            rejection, reason = self._verdict(found, aside)
        except RlControlError as error:
            return Refitted(0, None, NO_FIT, str(error), time.monotonic() - begun)
        if rejection:
            return Refitted(0, None, rejection, reason, time.monotonic() - begun)
        found = replace(found, model=self._as_sure(found.model, aside))
        self._keep(found, reason)
        kept = PortableModel.of(found.model)
        return Refitted(self._number, kept, "", reason, time.monotonic() - begun)

    def _must_stop(self, begun: float) -> bool:
        orphaned = os.getppid() != self._parent
        return orphaned or time.monotonic() - begun > self._config.longest

    def _verdict(self, found: FitResult, aside: TransitionDataset) -> tuple[str, str]:
        """Why a model is not to be kept ("" if it is), and the reason in a sentence."""
        if not found.verdict.usable:
            return NOT_USABLE, found.verdict.reason
        if self._before is None:
            return "", found.verdict.reason
        (new, horizon), (old, _) = (_error(model, aside) for model in (found.model, self._before))
        after = f"after {horizon * self._fit.dt:.2g} s of the newest motion"
        reason = f"{after} it is typically off by {new:.4f}, version {self._number} by {old:.4f}"
        # NaN is worse, too.
        return ("" if new <= self._config.worse * old else WORSE), reason

    def _as_sure(self, model: LearnedModel, newest: TransitionDataset) -> LearnedModel:
        """The model, not surer than the newest motion allows, to which what comes is most alike.

        A controller with a better model moves the arm faster than it did in the motion before.
        """
        there = in_motion(at_step(newest, model.dt), self._robot.limits)
        return replace(model, scale=np.maximum(model.scale, model.calibrated(there).scale))

    def _keep(self, found: FitResult, reason: str) -> None:
        number = newest(self._folder) + 1
        about = {
            "number": number,
            "robot": self._robot.name,
            "seconds": found.seconds,
            "digest": found.digest,
            "reason": reason,
        }
        save_model(version_path(self._folder, number), found.model, about)
        self._before, self._number = found.model, number
        prune(self._folder, self._config.keep_versions)


def _error(model: LearnedModel, data: TransitionDataset) -> tuple[float, int]:
    """The typical position error after the longest horizon, and that horizon in steps."""
    found = foretell(model, at_step(data, model.dt, overlap=False), HORIZONS)
    error = float(found.typical[-1])
    return (error if found.finite[-1] == 1.0 else np.inf), found.horizons[-1]
