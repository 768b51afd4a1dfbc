"""A made-up arm behind topics for tests, on a thread of its own: unit masses under gravity."""

import threading
import time

import numpy as np
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray

from rl_control.ros import convert, qos

NAMES = ("a", "b")
GRAVITY = np.array([1.0, -2.0])
COMMANDS, STATES = "effort_controller/commands", "joint_states"


class TopicArm:
    """Publishes joint `b` before `a`, with a gripper's joint between them.

    Args:
        context: of rclpy.
        lock_step: time moves on with every new command, and states repeat; else it moves by itself.
        period: between two stamps in [s].
        joints: names published, the only ones.
        order: joint order of commands.
        reliable: whether states are sent reliably.
        listens: whether there is anybody for commands.

    Attributes:
        q, v: [2], in the order of NAMES.
        commands: (values, label) of all that came.
        deaf: number of commands still to be missed.
        mute: whether no states are published.
        blocked: whether the joints stand still whatever the effort.
        drift: added to every velocity reported, in [rad/s].
        company: whether another joint's driver uses the topic, too.
        repeat_time: after which a state without an answer is sent again in lock-step, in [s].
    """

    def __init__(
        self,
        context,
        lock_step=True,
        period=0.005,
        joints=("b", "gripper", "a"),
        order=NAMES,
        reliable=True,
        listens=True,
    ) -> None:
        self.period, self.joints, self.lock_step = period, joints, lock_step
        self._order = [order.index(name) for name in NAMES]
        self.q, self.v, self.stamp = np.array([0.1, 0.2]), np.zeros(2), 100.0
        self.commands: list[tuple[np.ndarray, str]] = []
        self.deaf, self.mute, self.blocked = 0, False, False
        self.drift, self.company, self.repeat_time = 0.0, False, 0.1
        self.node = Node("topic_arm", context=context)
        self.states = self.node.create_publisher(JointState, STATES, qos.states(reliable))
        if listens:
            self.node.create_subscription(
                Float64MultiArray, COMMANDS, self._on_command, qos.commands()
            )
        self._executor = SingleThreadedExecutor(context=context)
        self._executor.add_node(self.node)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def label(self) -> str:
        return convert.stamp_label(convert.time_message(self.stamp))

    def publish(self) -> None:
        self._sent_at = time.monotonic()
        if self.mute:
            return
        v = self.v + self.drift
        known = {"a": (self.q[0], v[0]), "b": (self.q[1], v[1])}
        pairs = [known.get(name, (7.0, 8.0)) for name in self.joints]
        message = JointState(
            name=list(self.joints), position=[p for p, _ in pairs], velocity=[v for _, v in pairs]
        )
        message.header.stamp = convert.time_message(self.stamp)
        self.states.publish(message)
        if self.company:
            self.states.publish(JointState(name=["wheel"], position=[1.0], velocity=[2.0]))

    def close(self) -> None:
        self._stop.set()
        self._thread.join(5)
        self._executor.shutdown()
        self.node.destroy_node()

    def _advance(self, effort) -> None:
        if not self.blocked:
            self.v = self.v + self.period * (effort - GRAVITY)
            self.q = self.q + self.period * self.v
        self.stamp += self.period

    def _on_command(self, message) -> None:
        if self.deaf > 0:
            self.deaf -= 1
            return
        values, answers = np.array(message.data), convert.command_answers(message)
        self.commands.append((values, answers))
        if self.lock_step and answers == self.label:
            self._advance(values[self._order])
            self.publish()

    def _run(self) -> None:
        self.publish()
        while not self._stop.is_set():
            self._executor.spin_once(timeout_sec=0.005)
            waited = time.monotonic() - self._sent_at
            if self.lock_step and waited > self.repeat_time:
                self.publish()
            elif not self.lock_step and waited > 0.005:
                self._advance(self.commands[-1][0][self._order] if self.commands else GRAVITY)
                self.publish()
