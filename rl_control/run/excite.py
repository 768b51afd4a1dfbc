"""One rollout of informative motion, as data to learn from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from numpy.random import Generator

from rl_control.config import setting
from rl_control.control.excitation import ExcitationController
from rl_control.control.excite_settings import ExcitationConfig
from rl_control.control.tracking import InverseDynamics
from rl_control.data.transitions import TransitionDataset
from rl_control.interfaces import Plant
from rl_control.robot.model import RobotModel
from rl_control.rollout import rollout
from rl_control.safety.filter import SafetyFilter
from rl_control.types import ArmState, Array, Command


@dataclass(frozen=True)
class ExcitedConfig:
    """What a recording tells of an arm that is moved about; keys are those of other runs."""

    robot: str = setting("iiwa7", doc="Robot: a name, or the path of a URDF or xacro")
    base: str = setting("", doc="Base link; empty for the description's own")
    tip: str = setting("", doc="Tip link; empty for the robot's own")
    excitation: ExcitationConfig = setting(default_factory=ExcitationConfig, doc="The motion")


def excite(
    plant: Plant,
    safety: SafetyFilter,
    robot: RobotModel,
    config: ExcitationConfig | None,
    rng: Generator,
    seconds: float,
    inverse_dynamics: InverseDynamics | None = None,
    *,
    collides: Callable[[Array], bool] | None = None,
    on_step: Callable[[ArmState, Command], None] | None = None,
    source: str = "excitation",
    clock: Callable[[], float] | None = None,
) -> TransitionDataset:
    """Move the arm about from where it is; return what was seen.

    The rollout ends early if the safety filter stops the motion: `safety.violation` then says why.

    Args:
        plant: is moved; it is not reset, so that the caller chooses the start.
        safety: has the last word on every command.
        robot: the arm, with the limits that the motion may use.
        config: which motion; the default one if None.
        rng: draws the motion and its noise.
        seconds: length of the rollout in [s].
        inverse_dynamics: efforts [n] at (q [n], v [n], a [n]); if not given, nothing is known.
        collides: says whether joint positions [n] are in collision; none is, if not given.
        on_step: called after each step with the new state and the command that led to it.
        source: name of the rollout in the data.
        clock: see `rollout`.

    Raises:
        ConfigError: if a setting is not allowed, or every motion drawn collides.
        PlantError: if the plant is lost.
    """
    controller = ExcitationController(
        robot.limits, config or ExcitationConfig(), rng, inverse_dynamics, collides
    )
    trajectory = rollout(
        controller,
        plant,
        safety,
        seconds,
        on_step,
        stop=lambda _: safety.violation is not None,
        clock=clock,
    )
    return TransitionDataset.of(trajectory, plant.period, source)
