"""A stand-in for ros2_control on a simulated arm: no controller_manager is installed here.

    control_manager.py CONTROLLERS_YAML ROBOT forward_effort_controller|joint_trajectory_controller

It reads what controller_manager reads, publishes as joint_state_broadcaster does, and takes
commands as the named controller does: their topics, system-default quality of service, exactly as
many values as joints, anything else refused, and the last command kept.
"""

import sys

import numpy as np
import rclpy
import yaml
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray
from trajectory_msgs.msg import JointTrajectory

from rl_control.plants.bullet import BulletPlant
from rl_control.plants.bullet_config import BulletConfig
from rl_control.robot.arm_model import ArmModel
from rl_control.robot.description import load_robot
from rl_control.ros.convert import time_message, to_doubles
from rl_control.ros.trajectory import PathFollower, path_of
from rl_control.types import Command

SYSTEM_DEFAULTS = QoSProfile(  # rclcpp::SystemDefaultsQoS
    history=HistoryPolicy.SYSTEM_DEFAULT,
    depth=0,
    reliability=ReliabilityPolicy.SYSTEM_DEFAULT,
)
TYPES = {
    "forward_effort_controller": "effort_controllers/JointGroupEffortController",
    "joint_trajectory_controller": "joint_trajectory_controller/JointTrajectoryController",
}


class ControlManager(Node):
    """One arm, one active controller."""

    def __init__(self, file: str, robot: str, active: str) -> None:
        super().__init__("controller_manager")
        with open(file) as text:
            parameters = yaml.safe_load(text)
        manager = parameters["controller_manager"]["ros__parameters"]
        own = parameters[active]["ros__parameters"]
        assert manager[active]["type"] == TYPES[active]
        self.joints = tuple(own["joints"])
        self.robot = load_robot(robot)
        self.model = ArmModel(self.robot)
        period = 1.0 / manager["update_rate"]
        self.plant = BulletPlant(self.robot, BulletConfig(period=period))
        self.state = self.plant.reset().joints
        self.efforts = None
        self.follower = None
        self.states = self.create_publisher(JointState, "joint_states", SYSTEM_DEFAULTS)
        if active == "forward_effort_controller":
            topic, kind, take = f"{active}/commands", Float64MultiArray, self.on_command
        else:
            topic, kind, take = f"{active}/joint_trajectory", JointTrajectory, self.on_trajectory
        self.create_subscription(kind, topic, take, SYSTEM_DEFAULTS)
        self.create_timer(period, self.update)

    def on_command(self, message: Float64MultiArray) -> None:
        if len(message.data) != len(self.joints):
            self.get_logger().error(
                f"command size ({len(message.data)}) does not match number of interfaces "
                f"({len(self.joints)})"
            )
            return
        self.efforts = np.array(message.data)

    def on_trajectory(self, message: JointTrajectory) -> None:
        if set(message.joint_names) != set(self.joints):
            self.get_logger().error("Joints on incoming trajectory don't match controller joints")
            return
        path = path_of(message, self.state)
        self.follower = PathFollower(self.model, path, self.state.stamp)

    def update(self) -> None:
        state = self.state
        if self.follower is not None:
            command = Command(state.names, self.follower.effort(state, state.stamp), state.stamp)
        elif self.efforts is not None:
            command = Command(self.joints, self.efforts, state.stamp)
        else:  # the arm's brakes
            hold = self.model.gravity_torque(state.position)
            command = Command(state.names, hold, state.stamp)
        self.state = self.plant.step(command).joints
        names = tuple(sorted(self.robot.names, reverse=True))  # not the controller's order
        shown = self.state.ordered(names)
        message = JointState(name=list(names))
        message.header.stamp = time_message(shown.stamp)
        message.position = to_doubles(shown.position)
        message.velocity = to_doubles(shown.velocity)
        message.effort = to_doubles(shown.effort)
        self.states.publish(message)


if __name__ == "__main__":
    rclpy.init(args=["--"])
    node = ControlManager(*sys.argv[1:4])
    try:
        rclpy.spin(node)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
