"""An arm behind ROS 2 topics as a `Plant`: the node arm_sim, or a real arm."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np

from rl_control.config import validate
from rl_control.errors import PlantError, RlControlError
from rl_control.ros.arm_link import ArmLink
from rl_control.ros.joint_move import (
    InverseDynamics,
    check_place,
    check_tracking,
    joint_move,
    tracking_effort,
)
from rl_control.ros.plant_config import RosPlantConfig
from rl_control.safety.filter import SafetyFilter
from rl_control.types import ArmState, Array, Command, JointState, Pose, as_vector, joint_index

BRAKE_TIME = 0.5  # [s] of the arm's time that braking may take
SETTLE_TIME = 1.0  # [s] of the arm's time in which it comes to rest after a move
REST_SPEED = 0.01  # share of the velocity limit below which a joint rests
PERIOD_TOLERANCE = 0.2  # share by which the states' period may differ from the one set
PERIODS_JUDGED = 20


class RosPlant:
    """Joint states in, effort commands out; nothing runs between two calls.

    `step` answers the state that the caller saw last and returns the next one, so that a
    simulator in lock-step repeats a run bit by bit, and an arm in real time sets the pace. A
    state that came while the caller was still at work is passed over. Stamps are the arm's.

    A command stays in force until the next one, unless the arm's driver (as arm_sim does) holds
    the arm by itself when commands stop: call `hold` before a pause. All methods are for one
    thread.

    Args:
        safety: limits and names of the arm's joints; gives the hold, and has the last word in a
            move to the start.
        inverse_dynamics: (q [n], v [n], a [n]) -> efforts [n] that give the accelerations a.
        home: joint positions that `reset` brings the arm to, [n] in [rad] or [m]; a simulator's
            own home comes first.
        config: topics and times.
        tip: q [n] -> tip pose; none is reported if not given.
        collides: q [n] -> whether the arm touches something; asked along a move to the start
            before it begins. Nothing is checked if not given.

    Raises:
        ConfigError: if a setting is not allowed.
        ShapeError: if `home` has the wrong length.
        PlantError: if `home` is outside the limits, no joint states come, they come at another
            period, or nobody listens to commands.
        JointMismatchError: if the joint states lack a joint of the arm.
        CommandConflictError: if somebody else commands the arm.
    """

    def __init__(
        self,
        safety: SafetyFilter,
        inverse_dynamics: InverseDynamics,
        home: Array,
        config: RosPlantConfig | None = None,
        tip: Callable[[Array], Pose] | None = None,
        collides: Callable[[Array], bool] | None = None,
    ) -> None:
        self.config = config or RosPlantConfig()
        validate(self.config, "RosPlantConfig")
        self._safety, self._inverse_dynamics = safety, inverse_dynamics
        self._home = as_vector(home, len(safety.limits.names), "home")
        check_place(self._home, safety.limits)
        self._tip, self._collides = tip, collides
        self._periods: deque[float] = deque(maxlen=PERIODS_JUDGED)
        self._link = ArmLink(self.names, self.config)
        self._closed = False
        self._seen = self._link.look()
        try:
            self._check_period(np.diff(self._link.stamps).tolist())
        except PlantError:
            self._link.close()
            raise

    @property
    def names(self) -> tuple[str, ...]:
        """Joint names, [n]."""
        return self._safety.limits.names

    @property
    def period(self) -> float:
        """Time one `step` takes in [s]."""
        return self.config.period

    def heard_by(self, node: str) -> bool:
        """Say whether a node of that name is known to hear states and commands."""
        return self._link.heard_by(node)

    def reset(self, q: Array | None = None, v: Array | None = None) -> ArmState:
        """Bring the arm to rest at `q` [n] (home if not given); observe.

        A simulator is asked for its home. Everything else is a slow, straight move of the
        joints, tracked by computed torque, that ends at rest. Both forget a stop of the filter.

        Args:
            q: joint positions, [n] in [rad] or [m].
            v: None or zeros: an arm behind topics cannot be started in motion.

        Raises:
            ShapeError: if a vector has the wrong length.
            PlantError: if `v` is not zero, `q` is outside the limits, the way is not free, the
                arm leaves its path or breaks a rule of the safety filter; or if it is closed or
                lost.
            CommandConflictError: if somebody else commands the arm.
        """
        self._refuse_if_closed()
        if v is not None and as_vector(v, len(self.names), "reset velocity").any():
            raise PlantError(
                f"reset refused: found velocities {np.asarray(v).tolist()}, allowed are zeros: "
                "an arm behind topics starts at rest. Leave v out."
            )
        if q is None and self._link.resettable:
            self._safety.reset()
            self._seen = self._link.reset()
        else:
            goal = self._home if q is None else as_vector(q, len(self.names), "reset position")
            self._move(goal)
        self._periods.clear()
        return self._state()

    def step(self, command: Command) -> ArmState:
        """Send the command's efforts; return the next state that comes after it.

        Raises:
            JointMismatchError: if the command lacks a joint.
            ShapeError: if its effort has the wrong length.
            PlantError: if it is not finite, no state comes in time, states come at another
                period, or the plant is closed.
            CommandConflictError: if somebody else commands the arm.
        """
        self._refuse_if_closed()
        before = self._seen.joints.stamp
        self._exchange(command, self.config.timeout)
        self._periods.append(self._seen.joints.stamp - before)
        self._check_period(self._periods)
        return self._state()

    def observe(self) -> ArmState:
        """Return the newest state without acting.

        Raises:
            PlantError: if the plant is closed, or the arm was started anew.
        """
        self._refuse_if_closed()
        self._seen = self._link.look()
        return self._state()

    def hold(self) -> ArmState:
        """Brake the arm and leave it with efforts that carry it; observe.

        Raises:
            PlantError: if the plant is closed or lost.
            CommandConflictError: if somebody else commands the arm.
        """
        self._refuse_if_closed()
        self._brake(self.config.timeout)
        self._exchange(self._rest(), self.config.timeout)
        return self._state()

    def close(self) -> None:
        """Brake the arm, send a safe last command and wait for its delivery; once."""
        if self._closed:
            return
        self._closed = True
        try:
            # An arm that does not answer may still listen.
            with suppress(RlControlError):
                self._brake(min(self.config.timeout, BRAKE_TIME))
            self._link.send(self._rest().effort, self._seen)
        finally:
            self._link.close()

    def _exchange(self, command: Command, timeout: float) -> None:
        """Send `command` as the answer to the state seen last; see the next one."""
        effort = as_vector(command.effort, len(command.names), "command effort")
        effort = effort[joint_index(command.names, self.names)]
        bad = np.flatnonzero(~np.isfinite(effort))
        if bad.size:
            raise PlantError(
                f"command refused: effort of {self.names[bad[0]]} is {effort[bad[0]]}. "
                "Send finite efforts; put a SafetyFilter before the plant."
            )
        self._seen = self._link.exchange(effort, self._seen, timeout)

    def _brake(self, timeout: float) -> None:
        """Answer states with a damped hold until the arm rests, or the time for it is up."""
        self._seen = self._link.look()
        joints = self._seen.joints
        end = joints.stamp + BRAKE_TIME
        while not self._at_rest(joints) and joints.stamp < end:
            self._exchange(self._safety.hold(joints, joints.stamp), timeout)
            joints = self._seen.joints

    def _rest(self) -> Command:
        """Return a command that stays safe when nothing follows it, so it does not brake.

        A torque against an old velocity would drive the arm backwards once it rests.
        """
        joints = self._seen.joints
        still = replace(joints, velocity=np.zeros_like(joints.velocity))
        return self._safety.hold(still, joints.stamp)

    def _move(self, goal: Array) -> None:
        """Move from rest to rest at `goal` [n]; stop and hold where a rule is broken."""
        limits = self._safety.limits
        check_place(goal, limits)
        self._safety.reset()
        self.hold()
        move = joint_move(self._seen.joints.position, goal, limits, self.config.reset_speed)
        collides = self._collides
        if collides is not None and any(collides(place) for place in move.places()):
            raise PlantError(
                f"move to {goal.round(4).tolist()} refused: the straight way there collides. "
                "Move the arm by hand, or by way of another place."
            )
        begin = self._seen.joints.stamp
        try:
            while not self._arrived(move.duration, self._seen.joints.stamp - begin):
                joints = self._seen.joints
                elapsed = joints.stamp - begin
                check_tracking(move, elapsed, joints, self.config.reset_tolerance)
                effort = tracking_effort(self._inverse_dynamics, move, elapsed, joints)
                wanted = Command(self.names, effort, joints.stamp)
                command = self._safety.apply(wanted, joints, joints.stamp)
                if self._safety.violation is not None:
                    raise PlantError(
                        f"move stopped: {self._safety.violation}. "
                        "See to its cause, then reset again."
                    )
                self._exchange(command, self.config.timeout)
        except PlantError:
            with suppress(RlControlError):
                self.hold()
            raise

    def _arrived(self, duration: float, elapsed: float) -> bool:
        """Say whether a move is over and the arm rests.

        Raises:
            PlantError: if it does not come to rest.
        """
        if elapsed > duration + SETTLE_TIME:
            raise PlantError(
                f"the arm does not come to rest within {SETTLE_TIME:g} s after a move. "
                "See whether its model and its period are right."
            )
        return elapsed >= duration and self._at_rest(self._seen.joints)

    def _at_rest(self, joints: JointState) -> bool:
        share = np.abs(joints.velocity) / self._safety.limits.velocity
        return bool((share < REST_SPEED).all())

    def _check_period(self, found: Sequence[float] | deque[float]) -> None:
        """Compare the median of the periods `found` in [s] with the one that is set."""
        if len(found) < PERIODS_JUDGED:
            return
        median = float(np.median(found))
        if abs(median - self.period) > PERIOD_TOLERANCE * self.period:
            raise PlantError(
                f"joint states on {self._link.state_topic} come every {1e3 * median:.3f} ms by "
                f"their stamps, but period is set to {1e3 * self.period:.3f} ms. Set period to "
                "what the arm sends; if it is, the controller takes longer than that."
            )

    def _state(self) -> ArmState:
        joints = self._seen.joints
        return ArmState(joints, None if self._tip is None else self._tip(joints.position))

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise PlantError("the plant is closed. Make a new one.")
