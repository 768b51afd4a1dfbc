"""What a goal topic says -> a goal the arm can reach, and whether it gets there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sensor_msgs.msg import JointState as JointStateMessage

from rl_control.control.moving_goal import MovingGoal
from rl_control.errors import ConfigError, ShapeError
from rl_control.robot.arm_model import ArmModel
from rl_control.robot.model import RobotModel
from rl_control.ros.convert import require_finite
from rl_control.tasks.goal import stay_goal
from rl_control.tasks.reach import ReachConfig, SettleDetector, settle_detector
from rl_control.types import Array, Goal, JointLimits, JointState, Pose, joint_index


class GoalFinder:
    """Finds joint vectors for goals; slow (milliseconds), so not for the executor's thread."""

    def __init__(
        self,
        limits: JointLimits,
        model: ArmModel,
        search: Callable[[Array, Array | None, Array], Goal],
    ) -> None:
        """Put the search to use.

        Args:
            limits: that goals must keep.
            model: of the arm.
            search: finds the goal at a tip position and rotation, reached soonest from given
                joint positions.
        """
        self._limits, self._model = limits, model
        self.pose = search

    def here(self, q: Array) -> Goal:
        """Return the goal to stay at joint positions `q` [n]."""
        return stay_goal(self._model.tip(q), q)

    def joints(self, message: JointStateMessage) -> Goal:
        """Return the goal for a joint vector.

        Raises:
            JointMismatchError: if a joint of the arm is missing.
            ShapeError: if there is not one position a joint.
            NonFiniteError: if a position is not finite.
            ConfigError: if one is outside its limits.
        """
        limits = self._limits
        if len(message.position) != len(message.name):
            raise ShapeError("target joint state", len(message.position), len(message.name))
        q = np.asarray(message.position, dtype=np.float64)
        q = q[joint_index(message.name, limits.names)]
        require_finite(q, "target joint state", limits.names)
        outside = np.flatnonzero((q < limits.lower) | (q > limits.upper))
        if outside.size:
            i = outside[0]
            raise ConfigError(
                "target joint state",
                limits.names[i],
                f"found {q[i]:.4g}, outside its limits",
                f"Choose a position from {limits.lower[i]:.4g} to {limits.upper[i]:.4g}.",
            )
        return self.here(q)


class GoalWatch:
    """Follows whether the arm gets to its goal, and tells once if it does not.

    Attributes:
        status: "none", "moving", "reached", "not reached" or "refused".
        refusal: why the newest target was refused; "" if it was not.
        tip_error: distance between tip and target in [m].
    """

    def __init__(self, robot: RobotModel, model: ArmModel, config: ReachConfig) -> None:
        """Watch `robot` by the rules of `config`; `model` is of the same arm."""
        self._robot, self._model, self._config = robot, model, config
        self._goal: Goal | None = None
        self._detector: SettleDetector | None = None
        self._since = 0.0
        self.status = "none"
        self.refusal = ""
        self.tip_error = 0.0

    def start(self, goal: Goal, now: float) -> None:
        """Watch a new goal from `now` [s] on."""
        self._goal, self._since, self.status, self.refusal = goal, now, "moving", ""
        self._detector = settle_detector(goal.position, self._robot, self._config)

    def refuse(self, error: Exception) -> None:
        """Take note that a target was refused; the one before stays."""
        self.status, self.refusal = "refused", str(error)

    def use(self, robot: RobotModel, config: ReachConfig) -> None:
        """Watch by other limits and rules from now on; what was found so far stays."""
        self._robot, self._config = robot, config
        if self._goal is not None:
            self._detector = settle_detector(self._goal.position, robot, config)

    def distance(self, state: JointState) -> float:
        """Return how far from its target the tip is in [m], by the joints; 0 without a target.

        The target of a goal that moves is where the path has the tip at the state's stamp.
        """
        if self._goal is None:
            return 0.0
        return self._miss(self._goal, self._model.tip(state.position).position, state.stamp)

    @staticmethod
    def _miss(goal: Goal, tip: Array, time: float) -> float:
        target = goal.at(time)[2] if isinstance(goal, MovingGoal) else goal.position
        return float(np.linalg.norm(tip - target))

    def check(self, state: JointState, now: float, tip: Pose | None = None) -> bool:
        """Look at the arm; say whether it has just failed to arrive in time.

        Args:
            state: newest joint state.
            now: steady time in [s].
            tip: measured tip pose; computed from the joints if there is none.
        """
        if self._goal is None or self._detector is None:
            return False
        at = (tip or self._model.tip(state.position)).position
        goal = self._goal
        moves = isinstance(goal, MovingGoal) and goal.moves(state.stamp)
        self.tip_error = self._miss(goal, at, state.stamp)
        if moves:
            self._since = now  # the time to arrive in begins when the path ends
        if moves or self.status not in ("moving", "not reached"):
            return False
        if self._detector.there(at, state.velocity):
            self.status = "reached"
        elif self.status == "moving" and now - self._since > self._config.time_limit:
            self.status = "not reached"
            return True
        return False
