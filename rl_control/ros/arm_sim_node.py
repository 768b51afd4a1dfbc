"""The node arm_sim: PyBullet behind the topics of a real arm."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PoseStamped, TwistStamped
from rosgraph_msgs.msg import Clock as ClockMessage
from sensor_msgs.msg import JointState as JointStateMessage
from std_msgs.msg import Float64MultiArray, String
from std_srvs.srv import Trigger
from trajectory_msgs.msg import JointTrajectory

from rl_control.config import setting
from rl_control.errors import ConfigError, RlControlError
from rl_control.plants.bullet import BulletPlant
from rl_control.plants.bullet_config import BulletConfig
from rl_control.robot.arm_model import ArmModel
from rl_control.robot.description import load_robot
from rl_control.robot.meshes import with_mesh_files
from rl_control.ros import convert, diagnostics, qos
from rl_control.ros.joint_order import JointOrder
from rl_control.ros.node import ManagedNode
from rl_control.ros.process import StopRequest
from rl_control.ros.sim_loop import Pacer, SimLoop
from rl_control.ros.trajectory import PathFollower, path_of
from rl_control.safety.filter import SafetyFilter
from rl_control.safety.settings import SafetyConfig

RESEND_PERIOD = 0.5  # [s] after which a lock-step state nobody answered is sent again
GREATEST_SUBSTEP = 0.001  # [s]


@dataclass(frozen=True)
class ArmSimConfig:
    """Settings of the simulated arm's node."""

    robot: str = setting("iiwa7", doc="Robot to simulate: a name, or the path of a URDF or xacro")
    tip: str = setting("", doc="Tip link; empty for the robot's own")
    autostart: bool = setting(True, doc="Configure and activate without being asked")
    realtime_priority: int = setting(
        20, doc="Real-time priority asked for once active, 1 to 99; 0 for none", low=0, high=99
    )
    rate: float = setting(
        0.0,
        doc="Joint states (and commands) a second of simulated time; 0 takes 1 / plant.period",
        unit="Hz",
        low=0.0,
        high=10_000.0,
    )
    publish_clock: bool = setting(
        False, doc="Own the time: publish /clock and stamp in simulated time, not wall time"
    )
    real_time_factor: float = setting(
        1.0,
        doc="Simulated seconds a second; other than 1 needs publish_clock",
        low=0.01,
        high=100.0,
        live=True,
    )
    lock_step: bool = setting(
        False, doc="Let time stand still until each state is answered; needs publish_clock"
    )
    command_topic: str = setting("effort_controller/commands", doc="Topic of effort commands")
    command_joints: tuple[str, ...] = setting(
        (), doc="Joint order of effort commands; none for the robot's own"
    )
    trajectory_topic: str = setting(
        "joint_trajectory_controller/joint_trajectory", doc="Topic of joint trajectories"
    )
    command_timeout: float = setting(
        0.1,
        doc="Time without a command after which the arm holds itself, damped",
        unit="s",
        low=0.001,
        high=10.0,
        live=True,
    )
    diagnostics_rate: float = setting(
        2.0, doc="Diagnostics a second", unit="Hz", low=0.1, high=50.0, live=True
    )
    plant: BulletConfig = setting(default_factory=BulletConfig, doc="The simulated arm")


class ArmSim(ManagedNode):
    """Publishes states at absolute deadlines, or once a command in lock-step."""

    node_name = "arm_sim"
    config_class = ArmSimConfig
    live_groups: ClassVar[tuple[str, ...]] = (
        *("real_time_factor", "command_timeout", "diagnostics_rate", "plant"),
    )

    def __init__(self, stop: StopRequest) -> None:
        """Declare the parameters."""
        super().__init__(stop)
        check_times(self.config)
        self._last_refusal = ""
        self._sent_at = 0.0
        self._looked = False

    def build(self) -> None:
        """Load the robot and its simulation."""
        config = self.config
        self._robot = load_robot(config.robot, tip=config.tip or None)
        self._order = JointOrder(config.command_joints, self._robot.names, "command_joints")
        self._plant = BulletPlant(self._robot, plant_config(config))
        self._model = ArmModel(self._robot)
        self._safety = SafetyFilter(
            self._robot.limits,
            SafetyConfig(),
            self._model.gravity_torque,
            self._model.mass_matrix,
        )
        self._loop = SimLoop(self._plant, self._safety, config.command_timeout)

    def start(self) -> None:
        """Offer the arm's topics and begin to move time on."""
        config = self.config
        quality = qos.states(depth=qos.LOCK_STEP) if config.lock_step else qos.states()
        self._states = self.publisher(JointStateMessage, "joint_states", quality)
        self._poses = self.publisher(PoseStamped, "~/ee_pose", qos.states())
        self._twists = self.publisher(TwistStamped, "~/ee_twist", qos.states())
        self._description = self.publisher(String, "robot_description", qos.latched())
        self._reports = self.publisher(DiagnosticArray, "/diagnostics", qos.events())
        if config.publish_clock:
            self._time = self.publisher(ClockMessage, "/clock", qos.states())
        commands, paths = config.command_topic, config.trajectory_topic
        self.subscribe(Float64MultiArray, commands, self._on_command, qos.commands())
        self.subscribe(JointTrajectory, paths, self._on_trajectory, qos.events())
        self.serve(Trigger, "~/reset", self._on_reset)
        self.every(lambda: 1.0 / self.config.diagnostics_rate, self._report)
        description = with_mesh_files(self._robot.urdf, self._robot.source)
        self._description.publish(String(data=description))
        self._loop.forget()
        self._pacer = Pacer(self._plant.period / config.real_time_factor)
        self._publish()

    def retune(self, config: ArmSimConfig) -> Callable[[], None]:
        """Prepare another arm, noise or pace."""
        check_times(config)
        if not hasattr(self, "_loop"):
            return super().retune(config)
        self._plant.check(plant_config(config))

        def put_in_force() -> None:
            self._plant.configure(plant_config(config))
            self._loop.command_timeout = config.command_timeout
            if self.active:
                self._pacer.period = self._plant.period / config.real_time_factor

        return put_in_force

    def halt(self) -> None:
        """Stand still in time and take the topics down."""
        self.close_topics()

    def release(self) -> None:
        """Close the simulation."""
        if hasattr(self, "_plant"):
            self._plant.close()

    def poll(self, ahead: float = 0.0) -> float:
        """Step if it is due."""
        if self.active and self._loop.answered:
            ahead = self._pacer.period  # time enough now, and none to spare when a command comes
        waiting = super().poll(ahead)
        if not self.active:
            return waiting
        if self.config.lock_step:
            self._poll_lock_step()
            return waiting
        if self._loop.answered and not self._loop.moved:
            self._loop.step()  # now, so that the next state is there when it is due
        if self._pacer.remaining() <= 0.0:
            if not (self._loop.answered or self._looked):
                # The command may have come while this process slept: one look before it is missed.
                self._looked = True
                return 0.0
            self._looked = False
            if not self._loop.moved:
                self._loop.step()
            self._loop.counters.overruns += self._pacer.advance()
            self._publish()
        return max(0.0, min(waiting, self._pacer.remaining()))

    def _poll_lock_step(self) -> None:
        if self._loop.answered:
            self._loop.step(lock_step=True)
            self._publish()
        elif time.monotonic() - self._sent_at > RESEND_PERIOD:
            # Whoever joined late has not heard it; the label keeps answers apart.
            self._states.publish(self._message)
            self._sent_at = time.monotonic()

    def _publish(self) -> None:
        state = self._loop.state
        stamp = self._stamp(state.joints.stamp)
        self._message = convert.joint_state_message(state.joints, stamp)
        self._sent_at = time.monotonic()
        self._loop.published(convert.stamp_label(stamp))
        if self.config.publish_clock:
            self._time.publish(ClockMessage(clock=stamp))
        self._states.publish(self._message)
        frame, tip, joints = self._robot.base, state.tip, state.joints
        if tip is not None and self._poses.get_subscription_count():
            self._poses.publish(convert.pose_message(tip, frame, stamp))
        if self._twists.get_subscription_count():
            twist = self._model.tip_velocity(joints.position, joints.velocity)
            self._twists.publish(convert.twist_message(*twist, frame, stamp))

    def _stamp(self, simulated: float) -> Time:
        if self.config.publish_clock:
            return convert.time_message(simulated)
        return self.get_clock().now().to_msg()

    def _on_command(self, message: Float64MultiArray) -> None:
        def accept() -> None:
            values = convert.command_values(message, self._order.names)
            self._loop.effort(self._order.to_arm(values), convert.command_answers(message))

        self._accept(accept)

    def _on_trajectory(self, message: JointTrajectory) -> None:
        def accept() -> None:
            joints = self._loop.state.joints
            path = path_of(message, joints)
            self._loop.follow(PathFollower(self._model, path, joints.stamp).effort)

        self._accept(accept)

    def _accept(self, accept: Callable[[], None]) -> None:
        """Take a command, or refuse it with one log for as long as the reason stays the same."""
        try:
            accept()
        except RlControlError as error:
            self._loop.counters.refused += 1
            if str(error) != self._last_refusal:
                self._last_refusal = str(error)
                self.get_logger().error(f"refused: {error}")
        else:
            self._last_refusal = ""

    def _on_reset(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self._loop.reset()
        self._publish()
        response.success, response.message = True, f"{self._robot.name} is at home"
        return response

    def _report(self) -> None:
        counters = dataclasses.asdict(self._loop.counters)
        values = {
            **counters,
            "clipped": self._plant.clipped,
            "overspeed": self._plant.overspeed,
            "state_to_command_ms": self._loop.latency_ms(),
            "simulated_time_s": self._loop.state.joints.stamp,
        }
        holding = self._loop.holding
        message = diagnostics.diagnostic_message(
            self.get_name(),
            self._robot.name,
            diagnostics.WARN if holding else diagnostics.OK,
            f"holding: no command on {self.config.command_topic}" if holding else "following",
            values,
            self.get_clock().now().to_msg(),
        )
        self._reports.publish(message)


def plant_config(config: ArmSimConfig) -> BulletConfig:
    """Return the plant's settings, with the period that the node's `rate` asks for."""
    if config.rate == 0.0:
        return config.plant
    period = 1.0 / config.rate
    substeps = max(1, math.ceil(period / min(config.plant.substep, GREATEST_SUBSTEP) - 1e-9))
    return replace(config.plant, period=period, substep=period / substeps)


def check_times(config: ArmSimConfig) -> None:
    """Refuse settings that would stamp simulated states with a wall time they do not follow.

    Raises:
        ConfigError: if so.
    """
    if config.publish_clock:
        return
    for key, wrong in (
        ("lock_step", config.lock_step),
        ("real_time_factor", config.real_time_factor != 1.0),
    ):
        if wrong:
            raise ConfigError(
                "parameters of node 'arm_sim'",
                key,
                f"found {getattr(config, key)} without publish_clock",
                "Set publish_clock to true, so that others can follow the simulated time.",
            )
