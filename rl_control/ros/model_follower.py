"""The learned models of a running controller: the present one, newer ones, and the way back."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rl_control.errors import ModelError, RlControlError
from rl_control.models.holding import hold_torque, mass_matrix
from rl_control.models.learned import LearnedModel
from rl_control.robot.model import RobotModel
from rl_control.ros.learned_config import LearnedConfig
from rl_control.ros.model_history import ModelHistory, ModelVersion
from rl_control.ros.model_judge import Look, ModelJudge, Seen
from rl_control.ros.model_shelf import MODEL, check_followed, find_model, version_of, versions
from rl_control.ros.motion_recorder import MotionRecorder
from rl_control.ros.plannable import load_plannable, nominal_model
from rl_control.ros.side_process import SideProcess
from rl_control.run.assemble_learned import LearnedMpc
from rl_control.types import Array, JointState

LOOK_PERIOD = 0.5  # [s] of motion judged at once, and between two looks into the folder
PAUSE = 10.0  # [s] before the side process is asked again after it failed

Tell = Callable[[str], None]


@dataclass(frozen=True)
class ModelSource:
    """Where a controller's models come from.

    Attributes:
        path: a model file, or a folder of versions.
        follow: take newer versions from the folder, which may be missing as yet, while running.

    Raises:
        ConfigError: if a file is to be followed.
    """

    path: Path
    follow: bool

    def __post_init__(self) -> None:
        if self.follow:
            check_followed(self.path, MODEL, "dynamics_learner")

    @property
    def folder(self) -> Path | None:
        """Where versions are; None if the path is a file's."""
        return self.path if self.follow or self.path.is_dir() else None

    def first(
        self, robot: RobotModel, dt: float, config: LearnedConfig
    ) -> tuple[ModelVersion, Path | None]:
        """Return what to plan on at first, and its file.

        In a folder that is followed but empty as yet, it is the arm as described.

        Raises:
            DataError: if there is no model, or a damaged one.
            ModelError: if it is of another arm or step, or cannot be planned on.
        """
        if self.follow and not versions(self.path):
            nominal = nominal_model(robot, dt, config.networks, config.layers)
            return ModelVersion(0, nominal, {"seconds": 0.0}), None
        file = find_model(self.path)
        model, about = load_plannable(file, robot, dt)
        number = version_of(file) if file != self.path else 0
        return ModelVersion(number, model, about), file


class ModelFollower:
    """Watches how the planner's model foretells the arm, and exchanges it between two solves.

    All methods are for one thread; what takes long is done by a process of its own.

    Args:
        robot: the arm as described, with the limits that control may use.
        planner: plans on `first`.
        first: what is planned on at first.
        file: of `first`; None for the arm as described.
        source: of the models.
        config: when to go back.
        period: time step of the motion in [s]; divides the planner's.
    """

    def __init__(
        self,
        robot: RobotModel,
        planner: LearnedMpc,
        first: ModelVersion,
        file: Path | None,
        source: ModelSource,
        config: LearnedConfig,
        period: float,
    ) -> None:
        self._planner, self._source = planner, source
        self._history = ModelHistory(first, config.least_motion, config.worse)
        self._compiled = first.model.mechanics
        self._names = robot.names
        start = None if first.number else file
        self._side = SideProcess(
            "models", ModelJudge, robot, planner.mpc.config.dt, period, source.folder, start
        )
        self._went_back = 0
        self._asked_of: tuple[int, ...] = ()
        self._due = 0.0
        self.forget_motion()
        self._ask()  # the process starts while all else does, too

    def note(self, state: JointState, effort: Array) -> None:
        """Take a state and the efforts [n] sent on it."""
        stamp = round(state.stamp * 1e9)
        self._motion.state(stamp, state.position, state.velocity)
        self._motion.command(stamp, effort)

    def forget_motion(self) -> None:
        """Begin anew: what comes has nothing to do with what was."""
        self._motion = MotionRecorder(self._names, LOOK_PERIOD, "the controller")

    def turn(self, info: Tell, warn: Tell) -> None:
        """Do what is due: exchange the model, go back, look anew; call it regularly.

        Args:
            info: is told what was taken.
            warn: is told what was refused, and why the model went back.
        """
        try:
            seen = self._side.take()
        except RlControlError as error:
            warn(f"models are not watched for {PAUSE:g} s: {error}")
            self._due = time.monotonic() + PAUSE
            return
        if seen is not None:
            self._hear(seen, info, warn)
        if not self._side.busy and time.monotonic() >= self._due:
            self._ask()

    def go_back(self, why: str) -> str:
        """Plan on the model before from the next plan on, and never again on this one.

        Returns what was done, in a sentence that ends with `why`.

        Raises:
            ModelError: if there is none before.
        """
        gone = self._history.present.number
        before = self._history.before
        if before is None:
            raise ModelError(
                "previous_model",
                f"{_name(gone)} is the first model since the start",
                "Start the controller with the model you want.",
            )
        self._planner.exchange(before.model)
        self._history.go_back()
        self._went_back += 1
        return f"back from {_name(gone)} to {_name(before.number)}: {why}"

    def gravity_torque(self, q: Array) -> Array | None:
        """Efforts that hold the arm still at q [n], [n]; None if the present model has none."""
        return _sound(hold_torque, self._history.present.model, q)

    def mass_matrix(self, q: Array) -> Array | None:
        """Joint-space inertia at q [n], [n, n]; None if the present model has none."""
        return _sound(mass_matrix, self._history.present.model, q)

    def values(self) -> dict[str, Any]:
        """Return what to report."""
        history = self._history
        present, before, ratio = history.present, history.before, history.ratio
        errors = {number: found.speed_error for number, found in history.newest.items()}
        nothing = float("nan")
        return {
            "kind": present.model.kind,
            "version": present.number,
            "seconds_of_motion": _seconds(present),
            "speed_error": errors.get(present.number, nothing),
            "version_before": "" if before is None else before.number,
            "speed_error_before": nothing if before is None else errors.get(before.number, nothing),
            "times_worse": nothing if ratio is None else ratio,
            "refused": ", ".join(map(str, sorted(history.refused))),
            "went_back": self._went_back,
        }

    def close(self) -> None:
        """End the side process."""
        self._side.close()

    def _ask(self) -> None:
        self._due = time.monotonic() + LOOK_PERIOD
        self._asked_of = self._history.judged
        above = self._history.present.number if self._source.follow else None
        self._side.ask(
            Look(self._motion.take(), self._asked_of, above, frozenset(self._history.refused))
        )

    def _hear(self, seen: Seen, info: Tell, warn: Tell) -> None:
        if self._asked_of == self._history.judged:
            self._history.note(seen.errors)
        if self._history.regretted:
            why = f"it foretells {self._history.ratio:.2f} times worse"
            warn(self.go_back(why))
        elif seen.refusal:
            self._refuse(seen.number, seen.refusal, warn)
        elif seen.model is not None and seen.number not in self._history.refused:
            self._take(seen, info, warn)

    def _take(self, seen: Seen, info: Tell, warn: Tell) -> None:
        assert seen.model is not None
        try:
            model = seen.model.assembled(self._compiled)
            self._planner.exchange(model)
        except ModelError as error:
            self._refuse(seen.number, str(error), warn)
            return
        self._history.take(ModelVersion(seen.number, model, seen.about))
        seconds = _seconds(self._history.present)
        info(f"{_name(seen.number)} taken: learned from {seconds:.1f} s of motion")

    def _refuse(self, number: int, reason: str, warn: Tell) -> None:
        self._history.refused.add(number)
        warn(f"{_name(number)} refused, the present model stays: {reason}")


def _sound(
    function: Callable[[LearnedModel, Array], Array], model: LearnedModel, q: Array
) -> Array | None:
    try:
        found = function(model, q)
    except np.linalg.LinAlgError:
        return None
    return found if np.isfinite(found).all() else None


def _name(number: int) -> str:
    return f"model version {number}" if number else "the first model"


def _seconds(version: ModelVersion) -> float:
    """Seconds of motion a model was learned from; NaN if its file does not say."""
    said = version.about.get("seconds")
    return float(said) if isinstance(said, (int, float)) else float("nan")
