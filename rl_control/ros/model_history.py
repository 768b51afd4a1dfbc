"""Which model a controller plans on, which it had before, and which it takes no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rl_control.models.learned import LearnedModel
from rl_control.ros.prediction_monitor import StepErrors, no_errors, times_worse

_KEPT = 5  # models to go back to


@dataclass(frozen=True)
class ModelVersion:
    """A model that was taken, or may be.

    Attributes:
        number: of the version in its folder; 0 for one that is no version.
        model: itself.
        about: what its file says of it.
    """

    number: int
    model: LearnedModel
    about: Mapping[str, Any] = field(default_factory=dict)


class ModelHistory:
    """Remembers models, and how the present one and the one before foretell the same motion.

    Args:
        first: what is planned on at first.
        least_motion: seconds of motion before the two are compared.
        worse: times by which the present one's errors may be greater than those of the one
            before.

    Attributes:
        refused: numbers of versions that are not to be taken (again).
        newest: errors on the newest motion, by version number.
    """

    def __init__(self, first: ModelVersion, least_motion: float, worse: float) -> None:
        self._models = [first]
        self._least_motion, self._worse = least_motion, worse
        self.refused: set[int] = set()
        self.newest: dict[int, StepErrors] = {}
        self._since: dict[int, StepErrors] = {}

    @property
    def present(self) -> ModelVersion:
        """What is planned on."""
        return self._models[-1]

    @property
    def before(self) -> ModelVersion | None:
        """What was planned on before, to go back to."""
        return self._models[-2] if len(self._models) > 1 else None

    @property
    def judged(self) -> tuple[int, ...]:
        """The versions whose errors are wanted: the present one, and the one before."""
        return tuple(version.number for version in self._models[:-3:-1])

    def take(self, version: ModelVersion) -> None:
        """Plan on `version` from now on."""
        self._models = [*self._models[1 - _KEPT :], version]
        self._forget()

    def go_back(self) -> ModelVersion | None:
        """Return to the version before and refuse the present one; None if there is none."""
        if self.before is None:
            return None
        self.refused.add(self._models.pop().number)
        self._forget()
        return self.present

    def note(self, errors: Mapping[int, StepErrors]) -> None:
        """Take the errors of both models on new motion; others may be among them."""
        pair = {number: errors[number] for number in self.judged if number in errors}
        if not all(found.count for found in pair.values()) or self.present.number not in pair:
            return
        self.newest = pair
        if len(pair) < 2:
            return
        for number, found in pair.items():
            none = no_errors(len(found.squares) // 2)
            self._since[number] = self._since.get(number, none) + found

    @property
    def ratio(self) -> float | None:
        """How many times worse the present model foretells than the one before, since it came.

        None as long as there is too little motion to tell, or no model before.
        """
        if self.before is None or self.present.number not in self._since:
            return None
        new, old = self._since[self.present.number], self._since[self.before.number]
        return times_worse(new, old) if new.seconds >= self._least_motion else None

    @property
    def regretted(self) -> bool:
        """Whether the present model foretells worse than the one before by more than allowed."""
        ratio = self.ratio
        return ratio is not None and ratio > self._worse

    def _forget(self) -> None:
        self.newest, self._since = {}, {}
