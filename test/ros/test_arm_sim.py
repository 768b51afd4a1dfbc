"""The node arm_sim over DDS: an arm's topics, refusals, holds, lock-step."""

import numpy as np
from geometry_msgs.msg import PoseStamped, TwistStamped
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray, String
from std_srvs.srv import Trigger
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from rl_control.robot.arm_model import ArmModel
from rl_control.robot.description import load_robot
from rl_control.robot.meshes import missing_meshes, same_but_for_places
from rl_control.ros import convert, qos

ROBOT = "planar2"


def test_when_it_runs_expect_the_topics_of_an_arm_and_it_holds_itself(ros):
    states = ros.listen(JointState, "joint_states")
    poses, twists = (
        ros.listen(PoseStamped, "arm_sim/ee_pose"),
        ros.listen(TwistStamped, "arm_sim/ee_twist"),
    )
    clocks = ros.listen(Clock, "/clock")
    ros.start("arm_sim", robot=ROBOT, publish_clock=True)
    ros.until(lambda: len(states) > 100 and len(poses) > 10 and len(twists) > 10 and clocks)
    late = ros.listen(String, "robot_description", qos.latched())
    ros.until(lambda: late)
    robot = load_robot(ROBOT)
    assert same_but_for_places(late[0].data, robot.urdf)
    assert not missing_meshes(late[0].data, "/nowhere/arm.urdf")
    first, last = states[0], states[-1]
    assert tuple(last.name) == robot.names
    period = convert.seconds_of(states[1].header.stamp) - convert.seconds_of(first.header.stamp)
    assert abs(period - 0.005) < 1e-9
    assert np.allclose(last.position, robot.home, atol=0.02)
    model = ArmModel(robot)
    assert np.allclose(last.effort, model.gravity_torque(np.array(last.position)), atol=0.5)
    tip = poses[-1].pose.position
    assert np.allclose([tip.x, tip.y, tip.z], model.tip(robot.home).position, atol=0.02)
    assert poses[-1].header.frame_id == robot.base


def test_when_command_is_malformed_expect_one_log_a_count_and_no_motion(ros):
    states = ros.listen(JointState, "joint_states")
    commands = ros.talk(Float64MultiArray, "effort_controller/commands")
    sim = ros.start("arm_sim", robot=ROBOT)
    ros.until(lambda: states and commands.get_subscription_count())
    for bad in ([float("nan"), 0.0], [float("nan"), 0.0], [1.0, 2.0, 3.0]):
        commands.publish(Float64MultiArray(data=bad))
        ros.spin(0.1)
    ros.until(lambda: ros.figure("arm_sim", "refused") == 3)
    assert sim.output.count("not finite") == 1
    assert sim.output.count("found 3 values, expected 2") == 1
    assert "holding" in ros.summary("arm_sim")
    assert np.allclose(states[-1].position, load_robot(ROBOT).home, atol=0.02)


def test_when_controller_is_killed_expect_the_arm_to_hold(ros):
    states = ros.listen(JointState, "joint_states")
    ros.start("arm_sim", robot=ROBOT)
    controller = ros.start("pd", robot=ROBOT)
    ros.until(lambda: ros.summary("arm_sim") == "following")
    ros.spin(1.0)  # starting processes may have held each other up
    before = ros.figure("arm_sim", "timeouts")
    controller.popen.kill()
    ros.until(lambda: "holding" in ros.summary("arm_sim"))
    assert ros.figure("arm_sim", "timeouts") == before + 1
    here = np.array(states[-1].position)
    ros.spin(0.5)
    assert np.allclose(states[-1].position, here, atol=0.01)
    assert np.abs(states[-1].velocity).max() < 0.02


def test_when_trajectory_is_sent_expect_it_followed_and_reset_to_bring_home(ros):
    states = ros.listen(JointState, "joint_states")
    paths = ros.talk(JointTrajectory, "joint_trajectory_controller/joint_trajectory", qos.events())
    ros.start("arm_sim", robot=ROBOT)
    ros.until(lambda: states and paths.get_subscription_count())
    robot = load_robot(ROBOT)
    target = robot.home + np.array([0.3, -0.2])
    point = JointTrajectoryPoint(
        positions=target.tolist(), time_from_start=convert.duration_message(0.5)
    )
    paths.publish(JointTrajectory(joint_names=list(robot.names), points=[point]))
    ros.until(lambda: np.allclose(states[-1].position, target, atol=0.02))
    client = ros.node.create_client(Trigger, "arm_sim/reset")
    ros.until(client.service_is_ready)
    answer = client.call_async(Trigger.Request())
    ros.until(answer.done)
    assert answer.result().success
    ros.until(lambda: np.allclose(states[-1].position, robot.home, atol=0.02))


def run_lock_step(ros, steps=200):
    """Answer every state with efforts that depend on it; return all states, bit by bit."""
    heard = []
    commands = ros.talk(Float64MultiArray, "effort_controller/commands")

    def answer(message) -> None:
        if heard and message.header.stamp == heard[-1].header.stamp:
            return
        heard.append(message)
        # The topic's joint order is not the arm's.
        values = -3.0 * np.array(message.velocity)[::-1] + [0.1, 0.2]
        commands.publish(convert.command_message(values, convert.stamp_label(message.header.stamp)))

    subscription = ros.node.create_subscription(JointState, "joint_states", answer, qos.states())
    names = list(load_robot(ROBOT).names)[::-1]
    sim = ros.start(
        "arm_sim", robot=ROBOT, lock_step=True, publish_clock=True, command_joints=names
    )
    ros.until(lambda: len(heard) >= steps)
    ros.node.destroy_subscription(subscription)
    ros.node.destroy_publisher(commands)
    sim.end()
    return [
        (m.header.stamp.sec, m.header.stamp.nanosec, bytes(m.position), bytes(m.velocity))
        for m in heard[:steps]
    ]


def test_when_two_lock_step_runs_are_alike_expect_the_same_bits(ros):
    first, second = run_lock_step(ros), run_lock_step(ros)
    assert first == second
    assert len({position for _, _, position, _ in first}) > 100


def test_when_lock_step_has_no_clock_of_its_own_expect_refusal(ros):
    sim = ros.start("arm_sim", robot=ROBOT, lock_step=True)
    assert ros.until_ended(sim) == 2
    assert "without publish_clock" in sim.output
