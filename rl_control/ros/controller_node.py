"""What every controller node does: joint states and goals in, safe commands out.

States come on the executor's thread, plans are made on another, and commands leave on the
executor's thread: one a state, at the latest when the deadline has passed.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PoseStamped
from sensor_msgs.msg import JointState as JointStateMessage
from std_msgs.msg import Float64MultiArray

from rl_control.errors import (
    CommandConflictError,
    ConfigError,
    JointMismatchError,
    RlControlError,
)
from rl_control.robot.arm_model import ArmModel
from rl_control.robot.description import load_robot
from rl_control.robot.model import RobotModel
from rl_control.robot.settings import RobotSettings, load_settings
from rl_control.ros import convert, diagnostics, qos
from rl_control.ros.control_loop import Answer, ControlLoop, Planner
from rl_control.ros.controller_config import ControllerConfig
from rl_control.ros.decision_topics import DecisionTopics
from rl_control.ros.goal_inbox import GoalInbox
from rl_control.ros.goal_process import GoalProcess
from rl_control.ros.goals import GoalFinder, GoalWatch
from rl_control.ros.joint_order import JointOrder
from rl_control.ros.live_limits import LimitShares
from rl_control.ros.node import ManagedNode
from rl_control.ros.plan_topics import PlanTopics
from rl_control.ros.process import WIND_DOWN_TIME, StopRequest
from rl_control.ros.trajectory_goals import begun
from rl_control.ros.waiting_states import WAITING, newest_state
from rl_control.run.decision import Tick
from rl_control.safety.filter import SafetyFilter
from rl_control.safety.reasons import Reason
from rl_control.types import Array, Command, Goal, JointLimits, JointState, Pose

# What another process publishes may stay unknown for as long after this one's start.
DISCOVERY_TIME = 1.0  # [s]
BRAKE_POLL = 0.0005  # [s]
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
        self._logged: dict[str, str] = {}

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
        self._search = GoalProcess(self._robot, self._checks_collision())
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
                self._watch.use(self._robot, config.task)
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
        self._refuse_conflict(own=0)
        self._planner.reset()
        self._safety.reset()
        self._logged.clear()
        if not self._search.alive:
            self._search = GoalProcess(self._robot, self._checks_collision())
        self._reader = convert.JointStateReader(self._robot.names)
        self._bad_since: float | None = None
        self._heard = -math.inf
        self._brake_until: float | None = None
        self._tip: Pose | None = None
        self._watch = GoalWatch(self._robot, self._model, config.task)
        self._loop = ControlLoop(
            self._planner, self._safety, config.lock_step, pace=config.real_time_factor
        )
        self._goals = GoalFinder(self._robot.limits, self._model, self._search.pose)
        self._inbox = GoalInbox(self._goals, self._robot.base)
        self._has_goal = False
        self._open_topics()
        self.every(lambda: self.config.safety.state_timeout / 2.0, self._watch_states)
        self.every(GOAL_PERIOD, self._take_goal)
        self.every(CONFLICT_PERIOD, lambda: self._refuse_conflict(own=1))
        self.every(lambda: 1.0 / self.config.plan_rate, self._publish_plan)
        self.every(lambda: 1.0 / self.config.diagnostics_rate, self._report)

    def winding_down(self) -> bool:
        """Brake the arm."""
        if not self.active:
            return False
        return self._braking()

    def halt(self) -> None:
        """Brake, send a safe last command, wait for its delivery and close the topics."""
        self._brake()
        self._send(self._loop.rest())
        self.deliver(self._commands)
        self._loop.close()
        self._inbox.close()
        self.close_topics()

    def _brake(self) -> None:
        """Answer states with a hold until the arm rests, or for as long as winding down may take.

        Whoever halts the node (a lifecycle request, an error) keeps the executor from doing so.
        """
        while self._braking():
            taken = self._states.handle.take_message(JointStateMessage, False)
            if taken is None:
                time.sleep(BRAKE_POLL)
            else:
                self._on_state(taken[0])

    def _braking(self) -> bool:
        """Brake; say whether the arm still moves and there is time left to bring it to rest."""
        now = time.monotonic()
        self._brake_until = self._brake_until or now + WIND_DOWN_TIME
        self._loop.brake()
        return not self._loop.at_rest and now < self._brake_until

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
        quality = qos.commands(qos.LOCK_STEP if config.lock_step else 1)
        self._commands = self.publisher(Float64MultiArray, config.command_topic, quality)
        self._plan_topics = PlanTopics(self, self._robot, self._model)
        self._told = DecisionTopics(self, self._robot)
        self._told.settings(config, after="")
        self._reports = self.publisher(DiagnosticArray, "/diagnostics", qos.events())
        self._states = self.subscribe(JointStateMessage, config.state_topic, self._on_state, states)
        self.subscribe(PoseStamped, "~/target_pose", self._on_pose, qos.events())
        self.subscribe(JointStateMessage, "~/target_joint_state", self._on_joints, qos.events())
        if config.tip_pose_topic:
            tips = qos.states(config.state_reliable, depth=1)
            self.subscribe(PoseStamped, config.tip_pose_topic, self._on_tip, tips)

    def _on_state(self, message: JointStateMessage) -> None:
        try:
            state, label = newest_state(message, self._states, self._reader)
        except JointMismatchError as error:
            self._on_missing_joint(error)
            return
        except RlControlError as error:
            self._log_once("state", error)
            return
        self._bad_since, self._heard = None, time.monotonic()
        self._forget_log("state")
        if not self._has_goal:
            self._set_goal(self._goals.here(state.position))
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
            self._log_once("planner", f"the planner failed: {error!r}")
            self._safety.stop(Reason.PLANNER_FAILED)
            return None

    def _on_missing_joint(self, error: JointMismatchError) -> None:
        """Bear with it while the arm's joints may come, too; then refuse to go on.

        Others may publish theirs on the same topic. Once the arm has been seen whole, it is only
        told that its states have ceased: a missing state stops the arm by itself.

        Raises:
            JointMismatchError: if none of the joint states so far had all the arm's joints.
        """
        now = time.monotonic()
        if self._loop.state is not None:
            if now - self._heard > self.config.safety.state_timeout:
                self._log_once("state", error)
            return
        self._bad_since = self._bad_since or now
        if now - self._bad_since > self.config.startup_timeout:
            raise error

    def _take_goal(self) -> None:
        try:
            goal = begun(self._inbox.take(), self._loop.state)
        except RlControlError as error:
            self._refuse_goal(error)
            return
        if goal is not None:
            self._set_goal(goal)
            self.get_logger().info(f"new target: tip at {goal.position.round(4).tolist()} m")

    def _watch_states(self) -> None:
        self._send(self._loop.watch())

    def _on_tip(self, message: PoseStamped) -> None:
        try:
            source = self.config.tip_pose_topic
            position, rotation = convert.pose_of(message, self._robot.base, source)
        except RlControlError as error:
            self._log_once("tip", error)
            return
        if rotation is not None:
            self._tip = Pose(position, rotation)

    def _on_pose(self, message: PoseStamped) -> None:
        try:
            self._inbox.pose(message, self._loop.state)
        except RlControlError as error:
            self._refuse_goal(error)

    def _on_joints(self, message: JointStateMessage) -> None:
        self._inbox.joints(message)

    def _refuse_goal(self, error: RlControlError) -> None:
        self._watch.refuse(error)
        self.get_logger().error(f"target refused, the last one stays: {error}")

    def _set_goal(self, goal: Goal) -> None:
        self._has_goal = True
        self._answer_waiting()
        goal = self._told.goal(goal, after=self._loop.label)
        self._loop.set_goal(goal)
        self._watch.start(goal, time.monotonic())

    def _send(self, answer: Answer | None) -> None:
        if answer is None:
            return
        values = command_vector(answer.command, self.config.command_interface)
        self._commands.publish(convert.command_message(self._order.to_topic(values), answer.label))
        if answer.label and self._loop.state is not None:
            self._answered = True
            self.sent(self._loop.state, answer.command)
            if self._told.heard:
                tick = self._told.tick(answer, self._loop, self._watch)
                self._told.decision(tick, *self._summary(), self.decision_values(tick))
        if self._safety.violation is not None:
            self._log_once(
                "stop",
                f"motion stopped: {self._safety.violation}. "
                "Deactivate and activate the node to go on.",
            )

    def _answer_waiting(self) -> None:
        """In lock-step, let what changes now count from the next state on, and not for this one."""
        if self.active and self.config.lock_step and self._loop.waiting:
            self._send(self._planned(SETTLE_TIME))

    def _refuse_conflict(self, own: int) -> None:
        """Look who else publishes commands.

        Raises:
            CommandConflictError: if anybody does, beside `own` publishers of this node.
        """
        ours = (self.get_name(), self.get_namespace())
        others: list[str] = []
        topic = self.resolve_topic_name(self.config.command_topic)
        for info in self.get_publishers_info_by_topic(topic):
            if own and (info.node_name, info.node_namespace) == ours:
                own -= 1
            else:
                others.append(f"{info.node_namespace.rstrip('/')}/{info.node_name}")
        if others:
            raise CommandConflictError(topic, others)

    def _publish_plan(self) -> None:
        if self._loop.plan is not None:
            self._plan_topics.publish(self._loop.plan)

    def _report(self) -> None:
        state, now = self._loop.state, time.monotonic()
        if state is not None and self._watch.check(state, now, self._tip):
            self.get_logger().warning(
                f"target not reached in {self.config.task.time_limit:g} s: "
                f"the tip is {1e3 * self._watch.tip_error:.1f} mm away"
            )
        level, summary = self._summary()
        values = {
            "goal": self._watch.status,
            "goal_refused": self._watch.refusal,
            "tip_error_mm": 1e3 * self._watch.tip_error,
            **dataclasses.asdict(self._loop.counters),
            **self.report_values(),
        }
        stamp = self.get_clock().now().to_msg()
        self._reports.publish(
            diagnostics.diagnostic_message(
                self.get_name(), self._robot.name, level, summary, values, stamp
            )
        )

    def _summary(self) -> tuple[bytes, str]:
        if self._safety.violation is not None:
            return diagnostics.ERROR, f"motion stopped: {self._safety.violation}"
        if "state" in self._logged:
            return diagnostics.ERROR, self._logged["state"]
        if self._loop.state is None:
            return diagnostics.WARN, f"no joint states on {self.config.state_topic}"
        return diagnostics.OK, "controlling"

    def _checks_collision(self) -> bool:
        wanted = self.config.avoid_collision
        if wanted and importlib.util.find_spec("pybullet") is None:
            self.get_logger().warning("goals are not checked for collision: PyBullet is missing")
            return False
        return wanted

    def _log_once(self, kind: str, what: object) -> None:
        if self._logged.get(kind) != str(what):
            self._logged[kind] = str(what)
            self.get_logger().error(str(what))

    def _forget_log(self, kind: str) -> None:
        self._logged.pop(kind, None)


def command_vector(command: Command, interface: str) -> Array:
    """Return what a command says on one interface, [n].

    Raises:
        ConfigError: if the controller computes nothing for that interface.
    """
    values: Array | None = getattr(command, interface)
    if values is None:
        raise ConfigError(
            "parameters",
            "command_interface",
            f"the controller computes no {interface} commands",
            "Use effort.",
        )
    return values
