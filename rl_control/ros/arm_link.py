"""An arm's topics from a program's own thread: joint states in, effort commands out."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from rclpy._rclpy_pybind11 import RCLError
from rclpy.context import Context
from rclpy.exceptions import NameValidationException
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import JointState as JointStateMessage
from std_srvs.srv import Trigger

from rl_control.errors import ConfigError, PlantError, RlControlError
from rl_control.ros import convert, qos
from rl_control.ros.command_sender import CommandSender
from rl_control.ros.plant_config import RosPlantConfig
from rl_control.types import Array, JointState

NODE_NAME = "rl_control_plant"
LONGEST_WAIT = 0.05  # [s] between two looks at what does not wake the executor
# Others may publish their joints on the same topic before the arm does.
OTHERS_TIME = 2.0  # [s]
PERIODS_HEARD = 50  # in which states are listened to at the start, for their period
LONGEST_HEARING = 1.0  # [s]
# A stamp that lies further back than this is not a late message but a clock that began anew.
NEW_TIMELINE = 1.0  # [s]
# A simulator in lock-step repeats its state after half a second without an answer.
REPEAT_TIME = 0.7  # [s]
IN_FLIGHT_TIME = 0.05  # [s] in which a state that left before a service's answer has arrived


@dataclass(frozen=True)
class Heard:
    """A joint state, and the label by which a command names it.

    Attributes:
        joints: the arm's joints, in the arm's order.
        label: the stamp as exact text.
    """

    joints: JointState
    label: str

    def same_as(self, other: Heard) -> bool:
        """Whether both are copies of one message."""
        return (
            self.label == other.label
            and np.array_equal(self.joints.vector, other.joints.vector)
            and np.array_equal(self.joints.effort, other.joints.effort)
        )


class ArmLink:
    """A ROS 2 context, node and executor of its own, which work only inside its methods.

    All methods are for one thread.

    Attributes:
        stamps: stamps of the newest states, increasing, in [s].
    """

    def __init__(self, names: tuple[str, ...], config: RosPlantConfig) -> None:
        """Find the arm with the joints `names` [n].

        Raises:
            PlantError: if its states do not come, or nobody listens to commands.
            JointMismatchError: if its states or the command's joint order lack a joint.
            CommandConflictError: if somebody else publishes commands.
            ConfigError: if a topic's name is not allowed, or ROS 2 cannot be started.
        """
        self._config = config
        self._reader = convert.JointStateReader(names)
        self._heard: Heard | None = None
        self._first_at = math.inf
        self._repeated = False
        self._refused: RlControlError | None = None
        self._lost: PlantError | None = None
        self.stamps: deque[float] = deque(maxlen=PERIODS_HEARD)
        self._context = Context()
        self._node: Any = None
        try:
            self._join()
            self._open_topics(names)
            self._find_arm()
        except BaseException:
            self.close()
            raise

    @property
    def state_topic(self) -> str:
        """Full name of the topic of joint states."""
        return str(self._states.topic_name)

    def heard_by(self, node: str) -> bool:
        """Say whether a node of that name is known to hear states and commands."""
        return all(
            any(
                found.node_name == node
                for found in self._node.get_subscriptions_info_by_topic(topic)
            )
            for topic in (self.state_topic, self._commands.topic)
        )

    def look(self) -> Heard:
        """Take in what has come; return the newest state.

        Raises:
            PlantError: if the stamps began anew.
        """
        # Quicker than a turn of the executor, and it tells when there is no more.
        while (taken := self._states.handle.take_message(JointStateMessage, False)) is not None:
            self._on_state(taken[0])
        return self._newest()

    def send(self, effort: Array, answers: Heard) -> None:
        """Publish efforts [n], in the arm's joint order, and wait for their delivery.

        Args:
            effort: [n] in [N m] or [N].
            answers: the state they were computed on.
        """
        self._commands.send(effort, answers.label)
        self._commands.deliver()

    def exchange(self, effort: Array, answers: Heard, timeout: float) -> Heard:
        """Send a command; return the next state that comes after it.

        Args:
            effort: [n], in the arm's joint order.
            answers: the state it was computed on.
            timeout: longest wait in [s].

        Raises:
            PlantError: if no state comes, or the stamps began anew.
            CommandConflictError: if somebody else publishes commands.
        """
        self._commands.refuse_conflict()
        before = self.look().joints.stamp
        self._repeated = False
        message = self._commands.send(effort, answers.label)

        def answered() -> bool:
            if self._repeated:  # an arm in lock-step has missed the command
                self._repeated = False
                self._commands.repeat(message)
            return self._newest().joints.stamp > before

        if not self._spin_until(answered, timeout):
            raise self._silence(timeout)
        return self._newest()

    @property
    def resettable(self) -> bool:
        """Whether a simulator offers to bring the arm home."""
        return self._reset is not None and bool(self._reset.service_is_ready())

    def reset(self) -> Heard:
        """Let the simulator bring the arm home; return the state there.

        Raises:
            PlantError: if it does not.
            CommandConflictError: if somebody else publishes commands.
        """
        self._commands.refuse_conflict()
        before = self.look()
        name, timeout = self._reset.service_name, self._config.timeout
        future = self._reset.call_async(Trigger.Request())
        if not self._spin_until(future.done, timeout):
            raise PlantError(f"no answer from {name} within {timeout:g} s. See whether it runs.")
        if not future.result().success:
            raise PlantError(f"{name} failed: {future.result().message}. See the simulator's log.")
        # Answer and state come by different ways, in either order. Simulated time does not move
        # on in a reset, so that the new state may differ from the old one in its values alone.
        self._spin_until(lambda: not self._newest().same_as(before), REPEAT_TIME)
        self._spin_until(lambda: False, IN_FLIGHT_TIME)
        return self.look()

    def close(self) -> None:
        """Leave the ROS 2 graph; calling it twice is harmless."""
        if self._node is not None:
            self._executor.shutdown()
            self._node.destroy_node()
            self._node = None
        self._context.try_shutdown()

    def _join(self) -> None:
        """Enter the ROS 2 graph."""
        try:
            # Logging would be shared with the rest of the process.
            self._context.init([], initialize_logging=False)
            self._executor = SingleThreadedExecutor(context=self._context)
            self._node = Node(
                NODE_NAME,
                context=self._context,
                use_global_arguments=False,
                enable_rosout=False,
                start_parameter_services=False,
            )
        except RCLError as error:
            problem = str(error).splitlines()[0]
            raise ConfigError("environment", "ROS 2", problem, "See ROS_DOMAIN_ID.") from None
        self._executor.add_node(self._node)

    def _open_topics(self, names: tuple[str, ...]) -> None:
        config, node = self._config, self._node
        quality = qos.states(config.state_reliable)
        try:
            self._states = node.create_subscription(
                JointStateMessage, config.state_topic, self._on_state, quality
            )
            self._commands = CommandSender(node, config.command_topic, config.command_joints, names)
            name = config.reset_service
            self._reset: Any = node.create_client(Trigger, name) if name else None
        except NameValidationException as error:
            problem = " ".join(str(error).split())
            raise ConfigError(
                "RosPlantConfig",
                "topics",
                problem,
                "Use letters, digits, '_' and '/', as in /arm/commands.",
            ) from None

    def _find_arm(self) -> None:
        """Wait for states, for who listens to commands, and for the rest of the graph."""
        begun, timeout = time.monotonic(), self._config.startup_timeout

        def found() -> bool:
            if self._heard is None:
                if self._refused and time.monotonic() - self._first_at > OTHERS_TIME:
                    raise self._refused
                return False
            return self._commands.heard

        if not self._spin_until(found, timeout):
            if self._heard is None:
                raise self._silence(timeout)
            raise PlantError(
                f"nobody listens on {self._commands.topic} within {timeout:g} s. "
                "Start the arm's effort controller, or correct command_topic."
            )
        known = begun + self._config.discovery_time
        heard = self._first_at + min(PERIODS_HEARD * self._config.period, LONGEST_HEARING)
        self._spin_until(lambda: False, max(known, heard) - time.monotonic())
        self._commands.refuse_conflict()

    def _on_state(self, message: JointStateMessage) -> None:
        self._first_at = min(self._first_at, time.monotonic())
        try:
            joints = self._reader.read(message)
        except RlControlError as error:
            # Others may publish their joints on the same topic: an error only if none is good.
            self._refused = error
            return
        last, heard = self._heard, Heard(joints, convert.stamp_label(message.header.stamp))
        if last is not None:
            behind = last.joints.stamp - joints.stamp
            if behind > NEW_TIMELINE:
                self._lost = PlantError(
                    f"the stamps on {self.state_topic} went back by {behind:.3f} s: the arm "
                    "was started anew. Close this plant and make a new one."
                )
            if behind > 0.0:
                return
            self._repeated = heard.same_as(last)
        if last is None or joints.stamp > last.joints.stamp:
            self.stamps.append(joints.stamp)
        self._heard, self._refused = heard, None

    def _newest(self) -> Heard:
        if self._lost is not None:
            raise self._lost
        assert self._heard is not None  # `_find_arm` has seen to it
        return self._heard

    def _silence(self, timeout: float) -> RlControlError:
        """Return why there is no new state."""
        if self._heard is None and self._refused is not None:
            return self._refused
        publishers = self._node.count_publishers(self.state_topic)
        cause = f"known publishers: {publishers}" if self._refused is None else str(self._refused)
        return PlantError(
            f"no new joint state on {self.state_topic} within {timeout:g} s ({cause}). See "
            "whether the arm runs; check state_topic, state_reliable and ROS_DOMAIN_ID."
        )

    def _spin_until(self, condition: Callable[[], bool], timeout: float) -> bool:
        """Take in what comes until `condition()` is true; say whether it was in time."""
        deadline = time.monotonic() + timeout
        while not condition():
            remaining = deadline - time.monotonic()
            if remaining <= 0.0:
                return False
            self._executor.spin_once(timeout_sec=min(remaining, LONGEST_WAIT))
        return True
