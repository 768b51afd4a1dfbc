"""What a controller's side process does: look for newer models, check them, judge those in use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rl_control.data.recording import Recording
from rl_control.errors import RlControlError
from rl_control.models.fit import at_step
from rl_control.models.learned import LearnedModel
from rl_control.models.moving import moving
from rl_control.robot.model import RobotModel
from rl_control.ros.model_shelf import version_path, versions
from rl_control.ros.motion_data import transitions_of
from rl_control.ros.plannable import load_plannable, nominal_model
from rl_control.ros.portable_model import PortableModel
from rl_control.ros.prediction_monitor import StepErrors, step_errors

_KEPT = 4  # models in memory


@dataclass(frozen=True)
class Look:
    """A question.

    Attributes:
        motion: the newest; None for none.
        judged: versions to judge on it.
        above: look for versions newer than this one; None not to look.
        refused: versions that are not to be taken.
    """

    motion: Recording | None
    judged: tuple[int, ...]
    above: int | None
    refused: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Seen:
    """The answer.

    Attributes:
        number: of the newest version looked for; 0 if there is none.
        model: that version; None if there is none, or it cannot be used.
        about: what its file says of it.
        refusal: why it cannot be used.
        errors: of the versions judged that could be, on the motion; of none if the arm rested.
    """

    number: int = 0
    model: PortableModel | None = None
    about: Mapping[str, Any] = field(default_factory=dict)
    refusal: str = ""
    errors: Mapping[int, StepErrors] = field(default_factory=dict)


class ModelJudge:
    """Answers `Look` with `Seen`.

    Args:
        robot: the arm as described.
        dt: the planner's time step in [s].
        period: time step of the motion in [s]; divides `dt`.
        folder: of versions; None if there is none.
        first: file of what the controller calls version 0; None for the arm as described.
    """

    def __init__(
        self, robot: RobotModel, dt: float, period: float, folder: Path | None, first: Path | None
    ) -> None:
        self._robot, self._dt, self._period = robot, dt, period
        self._folder, self._first = folder, first
        self._models: dict[int, LearnedModel] = {}

    def __call__(self, look: Look) -> Seen:
        """Look."""
        errors = {} if look.motion is None else self._judge(look.motion, look.judged)
        if self._folder is None or look.above is None:
            return Seen(errors=errors)
        newer = [n for n in versions(self._folder) if n > look.above and n not in look.refused]
        if not newer:
            return Seen(errors=errors)
        number = newer[-1]
        try:
            path = version_path(self._folder, number)
            model, about = load_plannable(path, self._robot, self._dt)
        except RlControlError as error:
            return Seen(number, refusal=str(error), errors=errors)
        self._keep(number, model)
        return Seen(number, PortableModel.of(model), about, errors=errors)

    def _judge(self, motion: Recording, numbers: tuple[int, ...]) -> dict[int, StepErrors]:
        """Errors of each version on the parts of `motion` in which the arm moves."""
        try:
            data, _ = transitions_of(motion, self._robot.limits, self._period)
            data = moving(at_step(data, self._dt), self._robot.limits)
        except RlControlError:
            return {}  # too short, or too little of it can be used
        found: dict[int, StepErrors] = {}
        for number in numbers:
            try:
                found[number] = step_errors(self._model(number), data)
            except RlControlError:
                continue  # its file has gone: it cannot be judged
        return found

    def _model(self, number: int) -> LearnedModel:
        if number not in self._models:
            self._keep(number, self._load(number))
        return self._models[number]

    def _load(self, number: int) -> LearnedModel:
        if number and self._folder is not None:
            path = version_path(self._folder, number)
        elif self._first is not None:
            path = self._first
        else:
            return nominal_model(self._robot, self._dt)
        return load_plannable(path, self._robot, self._dt)[0]

    def _keep(self, number: int, model: LearnedModel) -> None:
        kept = list(self._models.items())[1 - _KEPT :]
        self._models = dict(kept) | {number: model}
