"""A learned model without its machine code, as it travels between processes."""

from __future__ import annotations

from dataclasses import dataclass

from rl_control.errors import ModelError
from rl_control.models.learned import LearnedModel, Residual
from rl_control.models.mechanics import Mechanics
from rl_control.robot.model import RobotModel
from rl_control.types import Array


@dataclass(frozen=True)
class PortableModel:
    """The numbers of a `LearnedModel`.

    Attributes:
        names: joint names, [n].
        dt: time step in [s].
        robot: the arm with the rigid body's parameters; None without a rigid body.
        residual: what is added to its acceleration; None for nothing.
        scale: of standard deviations, [2n].
    """

    names: tuple[str, ...]
    dt: float
    robot: RobotModel | None
    residual: Residual | None
    scale: Array

    @staticmethod
    def of(model: LearnedModel) -> PortableModel:
        """Leave out what is compiled."""
        robot = None if model.mechanics is None else model.mechanics.robot
        return PortableModel(model.names, model.dt, robot, model.residual, model.scale)

    def assembled(self, compiled: Mechanics | None) -> LearnedModel:
        """Return the model again; nothing is compiled.

        Args:
            compiled: mechanics of the same chain, with any parameters.

        Raises:
            ModelError: if the model has a rigid body and `compiled` is None.
        """
        mechanics = None
        if self.robot is not None:
            if compiled is None:
                raise ModelError(
                    "model",
                    "found one with a rigid body, the present one has none",
                    "Start the controller again to change the kind of its model.",
                )
            mechanics = compiled.with_robot(self.robot)
        return LearnedModel(self.names, self.dt, mechanics, self.residual, self.scale)
