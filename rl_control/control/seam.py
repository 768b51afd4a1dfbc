"""From one controller's command to another's without a step: their difference fades out."""

from __future__ import annotations

from dataclasses import dataclass

from rl_control.types import Array


@dataclass(frozen=True)
class Seam:
    """The difference that is left at a change of controllers.

    The one before need not be asked any more: it may have been replaced because it fails.

    Attributes:
        gap: its last command less the first one of its successor, [n].
        begun: time of that first command in [s].
        duration: time in which the difference fades out in [s].
    """

    gap: Array
    begun: float
    duration: float

    def over(self, time: float) -> bool:
        """Say whether nothing is left at `time` [s]."""
        return time - self.begun >= self.duration

    def rest(self, time: float) -> Array:
        """Return what is to be added to the successor's command at `time` [s], [n]."""
        if self.over(time):
            return 0.0 * self.gap
        share = 1.0 - max(0.0, time - self.begun) / self.duration
        return share * self.gap
