"""An arm that stands still between episodes, and while a training is paused."""

from __future__ import annotations

import time

from rl_control.errors import PlantError
from rl_control.rollout import rollout
from rl_control.ros.joint_move import InverseDynamics, JointMove, tracking_effort
from rl_control.ros.plant import RosPlant
from rl_control.ros.train_requests import Requests
from rl_control.safety.filter import SafetyFilter
from rl_control.types import ArmState, Array, Command

SETTLE_TIME = 0.3  # [s] in which the rest of a motion dies away
WATCH_TIME = 0.1  # [s] between two looks at whether the arm may go on


class Stand:
    """Keeps an arm at a place, as long as commands are sent.

    Args:
        plant: the arm.
        safety: has the last word.
        inverse_dynamics: (q [n], v [n], a [n]) -> efforts [n] that give the accelerations a.
    """

    def __init__(
        self, plant: RosPlant, safety: SafetyFilter, inverse_dynamics: InverseDynamics
    ) -> None:
        self._plant, self._safety = plant, safety
        self._inverse_dynamics = inverse_dynamics

    def settle(self) -> None:
        """Bring the arm to rest, and leave it with efforts that carry it.

        Raises:
            PlantError: if the arm is lost.
            CommandConflictError: if somebody else commands it.
        """
        place = self._plant.hold().joints.ordered(self._plant.names).position
        self._stand(place, SETTLE_TIME)
        self._plant.hold()

    def while_paused(self, requests: Requests) -> None:
        """Keep the arm where it is until it may go on, or the training shall end.

        Raises:
            PlantError: if the arm is lost.
            CommandConflictError: if somebody else commands it.
        """
        place = self._plant.observe().joints.ordered(self._plant.names).position
        while requests.paused and not requests.ended:
            began = time.monotonic()
            self._stand(place, WATCH_TIME)
            # Simulated time that waits for commands need not hurry.
            time.sleep(max(0.0, WATCH_TIME - (time.monotonic() - began)))

    def _stand(self, place: Array, duration: float) -> None:
        plant = self._plant
        controller = _Standing(self._inverse_dynamics, place)
        try:
            rollout(
                controller,
                plant,
                self._safety,
                duration,
                clock=lambda: plant.observe().joints.stamp,
            )
        except PlantError:  # a busy processor is no reason to give up an arm that still answers
            plant.hold()


class _Standing:
    """A `Controller` that keeps joints at a place, [n]."""

    def __init__(self, inverse_dynamics: InverseDynamics, place: Array) -> None:
        self._inverse_dynamics = inverse_dynamics
        self._move = JointMove(place, place, 1.0)

    def reset(self, state: ArmState) -> None:
        """Begin anew, at the same place."""

    def act(self, state: ArmState) -> Command:
        """Return the command for `state`."""
        joints = state.joints
        effort = tracking_effort(self._inverse_dynamics, self._move, 0.0, joints)
        return Command(joints.names, effort, joints.stamp)
