"""What every controller node does: joint states and goals in, safe commands out.

States come on the executor's thread, plans are made on another, and commands leave on the
executor's thread: one a state, at the latest when the deadline has passed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from sensor_msgs.msg import JointState as JointStateMessage

from rl_control.errors import RlControlError
from rl_control.robot.arm_model import ArmModel
from rl_control.robot.description import load_robot
from rl_control.robot.model import RobotModel
from rl_control.robot.settings import RobotSettings, load_settings
from rl_control.ros import qos
from rl_control.ros.brake import Brake
from rl_control.ros.command_topic import CommandTopic
from rl_control.ros.control_loop import Answer, ControlLoop, Planner
from rl_control.ros.controller_config import ControllerConfig
from rl_control.ros.controller_report import Condition, ControllerReport, condition_of
from rl_control.ros.decision_topics import DecisionTopics
from rl_control.ros.goal_desk import GoalDesk
from rl_control.ros.goal_process import goal_search
from rl_control.ros.joint_order import JointOrder
from rl_control.ros.live_limits import LimitShares
from rl_control.ros.log_once import LogOnce
from rl_control.ros.node import ManagedNode
from rl_control.ros.plan_topics import PlanTopics
from rl_control.ros.process import StopRequest
from rl_control.ros.state_inlet import StateInlet
from rl_control.ros.waiting_states import WAITING
from rl_control.run.decision import Tick
from rl_control.safety.filter import SafetyFilter
from rl_control.safety.reasons import Reason
from rl_control.types import Array, Command, Goal, JointLimits, JointState

# What another process publishes may stay unknown for as long after this one's start.
DISCOVERY_TIME = 1.0  # [s]
CONFLICT_PERIOD = 0.25  # [s]
GOAL_PERIOD = 0.02  # [s] between two looks whether the inverse kinematics has an answer
LOCK_STEP_WAIT = 0.02  # [s] at a time
SETTLE_TIME = 1.0  # [s] for a plan in lock-step before something changes


class ControllerNode(ManagedNode):
    """Runs a `ControlLoop` on topics; the subclass overrides `make_planner`."""

    config_class = ControllerConfig
    live_groups: ClassVar[tuple[str, ...]] = (
        *("velocity_scale", "effort_scale", "deadline_share", "real_time_factor"),
        *("plan_rate", "diagnostics_rate", "task", "safety"),
    )

    def __init__(self, stop: StopRequest) -> None:
        """Declare the parameters."""
        super().__init__(stop)
        self._created = time.monotonic()
        self._answered = False
        self._log = LogOnce(lambda text: self.get_logger().error(text))

    def make_planner(self, robot: RobotModel, settings: RobotSettings) -> Planner:
        """Return what plans for `robot`, within its limits.

        Runs off the executor's thread and may be slow; `settings` are the robot's own.
        """
        raise NotImplementedError

    def gravity_torque(self, q: Array) -> Array:
        """Return the efforts, [n], that hold the arm still at q [n]; by these it is held."""
        return self._model.gravity_torque(q)

    def mass_matrix(self, q: Array) -> Array:
        """Return the joint-space inertia, [n, n], by which a hold is damped."""
        return self._model.mass_matrix(q)

    def sent(self, state: JointState, command: Command) -> None:
        """Take note of the command that was just sent on a state; quick."""

    def report_values(self) -> dict[str, Any]:
        """Return what the planner counts and measures, for the diagnostics."""
        return {}

    def decision_values(self, tick: Tick) -> dict[str, str]:
        """Return why the command of `tick` is what it is, by key."""
        return {}

    def build(self) -> None:
        """Load the robot, compile the planner and the inverse kinematics."""
        self.release()
        config = self.config
        settings = load_settings(config.robot)
        whole = load_robot(config.robot, tip=config.tip or None)
        self._shares = LimitShares(whole.limits, settings)
        self._robot = replace(whole, limits=self._shares.control(config))
        self._order = JointOrder(config.command_joints, self._robot.names, "command_joints")
        self._open_search()
        self._model = ArmModel(self._robot)
        self._planner = self.make_planner(self._robot, settings)
        self._safety = SafetyFilter(
            self._shares.allowed(config), config.safety, self.gravity_torque, self.mass_matrix
        )

    @classmethod
    def defaults(cls, given: Mapping[str, Any]) -> Any:
        """Return the class's defaults, with the robot's own task weights."""
        config = cls.config_class()
        own = load_settings(given.get("robot", config.robot)).weights
        return replace(config, task=replace(config.task, weights=config.task.weights.replaced(own)))

    def retune_planner(self, config: Any, limits: JointLimits) -> Callable[[], None]:
        """Prepare the planner for other settings and limits; see `retune`."""
        return lambda: None

    def retune(self, config: Any) -> Callable[[], None]:
        """Prepare other limits, weights and rules, for planner, filter and goals alike."""
        if not hasattr(self, "_safety"):
            return super().retune(config)
        limits = self._shares.control(config)
        if config.effort_scale < self.config.effort_scale:
            state = self._loop.state if self.active else None
            q = self._robot.home if state is None else state.position
            self._shares.require_hold(config, self.gravity_torque(q))
        planner = self.retune_planner(config, limits)

        def put_in_force() -> None:
            self._answer_waiting()
            self._robot = replace(self._robot, limits=limits)
            allowed = self._shares.allowed(config)
            planner()
            if self.active:
                self._loop.exchange(allowed, config.safety, config.real_time_factor)
                self._desk.watch.use(self._robot, config.task)
                self._told.settings(config, after=self._loop.label)
            else:
                self._safety.exchange(allowed, config.safety, -math.inf)

        return put_in_force

    def start(self) -> None:
        """Open the topics, unless somebody else commands the arm.

        Raises:
            CommandConflictError: if so.
        """
        config = self.config
        remaining = self._created + DISCOVERY_TIME - time.monotonic()
        if remaining > 0.0:
            self._stop.wait_for(lambda: time.sleep(remaining))
        self._commands = CommandTopic(self, config, self._order)
        self._planner.reset()
        self._safety.reset()
        self._log.clear()
        if not self._search.alive:
            self._open_search()
        self._inlet = StateInlet(self._robot.names, self._log)
        self._desk = GoalDesk(self._robot, self._model, self._search, config.task, self._log)
        self._loop = ControlLoop(
            self._planner, self._safety, config.lock_step, pace=config.real_time_factor
        )
        self._brake = Brake(self._loop)
        self._open_topics()
        self.every(lambda: self.config.safety.state_timeout / 2.0, self._watch_states)
        self.every(GOAL_PERIOD, self._take_goal)
        self.every(CONFLICT_PERIOD, self._commands.refuse_conflict)
        self.every(lambda: 1.0 / self.config.plan_rate, self._publish_plan)
        self.every(lambda: 1.0 / self.config.diagnostics_rate, self._report)

    def winding_down(self) -> bool:
        """Brake the arm."""
        return self.active and self._brake.needed()

    def halt(self) -> None:
        """Brake, send a safe last command, wait for its delivery and close the topics."""
        self._brake.bring_to_rest(self._states, self._on_state)
        self._send(self._loop.rest())
        self._commands.deliver()
        self._loop.close()
        self._desk.close()
        self.close_topics()

    def release(self) -> None:
        """End the search for goals."""
        if hasattr(self, "_search"):
            self._search.close()

    def poll(self, ahead: float = 0.0) -> float:
        """Do what is due, best right after an answer; in lock-step, answer when a plan is ready."""
        if self._answered:
            # Until the next state comes there is time; then there is none to spare.
            self._answered, ahead = False, 1.0 / self.config.rate
        waiting = super().poll(ahead)
        if not (self.active and self.config.lock_step and self._loop.waiting):
            return waiting
        self._send(self._planned(LOCK_STEP_WAIT))
        return 0.0

    def _open_topics(self) -> None:
        config = self.config
        states = qos.states(config.state_reliable, depth=WAITING)
        self._plan_topics = PlanTopics(self, self._robot, self._model)
        self._told = DecisionTopics(self, self._robot)
        self._told.settings(config, after="")
        self._reports = ControllerReport(self, self._robot.name)
        self._states = self.subscribe(JointStateMessage, config.state_topic, self._on_state, states)
        self._desk.open(self, config, lambda: self._loop.state, self._refuse_goal)

    def _on_state(self, message: JointStateMessage) -> None:
        taken = self._inlet.take(message, self._states, self.config)
        if taken is None:
            return
        state, label = taken
        if self._desk.goal is None:
            self._set_goal(self._desk.here(state.position))
        self._send(self._loop.observe(state, label))
        if self._loop.waiting and not self.config.lock_step:
            # The solve has a thread of its own; this one waits for it as long as is allowed.
            deadline = self.config.deadline_share / self.config.rate
            self._send(self._planned(deadline) or self._loop.late())

    def _planned(self, timeout: float) -> Answer | None:
        """The command of the state's own plan; a planner that fails stops the arm, in control."""
        try:
            return self._loop.planned(timeout)
        except Exception as error:  # whatever it was, the arm must be braked and held
            self._log.say("planner", f"the planner failed: {error!r}")
            self._safety.stop(Reason.PLANNER_FAILED)
            return None

    def _take_goal(self) -> None:
        try:
            goal = self._desk.take(self._loop.state)
        except RlControlError as error:
            self._refuse_goal(error)
            return
        if goal is not None:
            self._set_goal(goal)
            self.get_logger().info(f"new target: tip at {goal.position.round(4).tolist()} m")

    def _watch_states(self) -> None:
        self._send(self._loop.watch())

    def _refuse_goal(self, error: RlControlError) -> None:
        self._desk.watch.refuse(error)
        self.get_logger().error(f"target refused, the last one stays: {error}")

    def _set_goal(self, goal: Goal) -> None:
        self._answer_waiting()
        goal = self._told.goal(goal, after=self._loop.label)
        self._loop.set_goal(goal)
        self._desk.aimed(goal)

    def _send(self, answer: Answer | None) -> None:
        if answer is None:
            return
        self._commands.publish(answer)
        if answer.label and self._loop.state is not None:
            self._answered = True
            self.sent(self._loop.state, answer.command)
            if self._told.heard:
                tick, how = self._told.tick(answer, self._loop, self._desk.watch), self._condition()
                self._told.decision(tick, how.level, how.summary, self.decision_values(tick))
        if self._safety.violation is not None:
            self._log.say(
                "stop",
                f"motion stopped: {self._safety.violation}. "
                "Deactivate and activate the node to go on.",
            )

    def _answer_waiting(self) -> None:
        """In lock-step, let what changes now count from the next state on, and not for this one."""
        if self.active and self.config.lock_step and self._loop.waiting:
            self._send(self._planned(SETTLE_TIME))

    def _publish_plan(self) -> None:
        if self._loop.plan is not None:
            self._plan_topics.publish(self._loop.plan)

    def _report(self) -> None:
        watch = self._desk.watch
        if self._desk.overdue(self._loop.state):
            self.get_logger().warning(
                f"target not reached in {self.config.task.time_limit:g} s: "
                f"the tip is {1e3 * watch.tip_error:.1f} mm away"
            )
        self._reports.publish(self._condition(), self._loop, watch, self.report_values())

    def _condition(self) -> Condition:
        return condition_of(self._loop, self._log.said("state"), self.config.state_topic)

    def _open_search(self) -> None:
        warn = self.get_logger().warning
        self._search = goal_search(self._robot, self.config.avoid_collision, warn)
