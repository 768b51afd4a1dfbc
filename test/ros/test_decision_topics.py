"""What a controller tells over DDS: enough to repeat it to the bit, live changes included."""

import signal
from dataclasses import replace

import numpy as np
import pytest
from rcl_interfaces.msg import Parameter, ParameterValue
from rcl_interfaces.srv import SetParameters
from recorded import Recorded
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from rl_control.data.runs.log import read_log
from rl_control.errors import DataError
from rl_control.policy.store import save_policy
from rl_control.robot.description import load_robot
from rl_control.ros import qos
from rl_control.run.counterfactual import counterfactual
from rl_control.run.counterfactual_compare import compared
from rl_control.run.explain_events import events_of
from rl_control.run.explain_story import story_of

ROBOT, NODE = "planar2", "mpc_controller"


def heard_from_the_start(ros, lock_step, node=NODE, **settings):
    """Start arm and controller so that nothing is missed; return the record and the two."""
    recorded = Recorded(ros, node)
    targets = ros.talk(JointState, f"{node}/target_joint_state", qos.events())
    sim = ros.start("arm_sim", robot=ROBOT, lock_step=lock_step, publish_clock=lock_step)
    ros.until(lambda: recorded.count("joint_states"), 60)
    controller = ros.start(node, robot=ROBOT, lock_step=lock_step, **settings)
    ros.until(targets.get_subscription_count, 60)
    ros.until(lambda: recorded.count(f"{node}/decisions") > 20, 60)
    return recorded, targets, (controller, sim)


def aim(ros, recorded, targets, offset, node=NODE):
    robot = load_robot(ROBOT)
    goals = recorded.count(f"{node}/goal_joints")
    targets.publish(JointState(name=robot.names, position=(robot.home + offset).tolist()))
    ros.until(lambda: recorded.count(f"{node}/goal_joints") > goals)


def end(ros, processes):
    for process in processes:
        process.signal(signal.SIGINT)
        ros.until_ended(process)


def test_when_a_lock_step_run_is_repeated_offline_expect_the_same_commands_to_the_bit(ros):
    recorded, targets, processes = heard_from_the_start(ros, lock_step=True)
    for offset in (np.array([0.4, -0.3]), np.array([-0.3, 0.5])):
        aim(ros, recorded, targets, offset)
        ros.spin(0.3)
    client = ros.node.create_client(SetParameters, f"{NODE}/set_parameters")
    weight = ParameterValue(type=8, double_array_value=[40.0])
    wanted = Parameter(name="task.weights.posture", value=weight)
    answer = client.call_async(SetParameters.Request(parameters=[wanted]))
    ros.until(answer.done)
    (result,) = answer.result().results
    assert result.successful, result.reason
    aim(ros, recorded, targets, np.array([0.2, 0.2]))
    ros.spin(0.5)
    end(ros, processes)
    log = read_log(recorded.write(ros.folder / "bag"))
    assert len(log.settings) == 2
    began, changed = log.settings
    assert (began.start, changed.start) == (True, False)
    assert changed.values["task.weights.posture"] == [40.0]
    assert changed.stamp in log.states.stamps
    result = compared(counterfactual(log), log)
    assert result.compared > 300
    assert (result.same, result.missing) == (result.compared, 0)
    # Without the change the commands differ from then on, and only then.
    before = compared(counterfactual(replace(log, settings=(began,))), log)
    assert not before.identical
    seconds = (changed.stamp - log.states.stamps[0]) / 1e9
    assert before.first == pytest.approx(seconds, abs=0.011)
    assert {event.kind for event in events_of(story_of(log))} >= {"goal"}


def test_when_the_arm_keeps_its_own_time_expect_decisions_that_say_why(ros):
    recorded, targets, processes = heard_from_the_start(ros, lock_step=False)
    aim(ros, recorded, targets, np.array([0.6, -0.6]))
    ros.spin(1.5)
    end(ros, processes)
    log = read_log(recorded.write(ros.folder / "bag"))
    assert len(log.decisions) > 100
    decision = log.decisions[len(log.decisions) // 2]
    terms = decision.group("cost_by_term")
    assert sum(terms.values()) == pytest.approx(decision.number("cost"), rel=1e-4, abs=1e-9)
    sent, asked = decision.group("sent"), decision.group("asked")
    assert set(sent) == set(asked) == set(log.names)
    assert decision.text("plan_status") in ("converged", "iteration_limit", "no_progress")
    assert decision.text("reason") in ("", "effort_rate")
    assert decision.text("goal") in ("moving", "reached")
    # Each is about a state that was answered by the command it tells of.
    stamps = log.decisions.stamps()
    shared, first, second = np.intersect1d(stamps, log.commands.stamps, return_indices=True)
    assert len(shared) > 100
    for name, i in zip(log.names, range(len(log.names)), strict=True):
        told = log.decisions.numbers(f"sent.{name}")[first]
        np.testing.assert_allclose(told, log.commands.values[second, i], rtol=1e-5, atol=1e-7)
    # Not to the bit, but near: what is not known is when exactly a plan was ready.
    result = compared(counterfactual(log), log)
    assert not result.lock_step
    assert (result.rms < 0.05 * result.limits).all()


def test_when_a_path_is_followed_in_lock_step_expect_it_repeated_to_the_bit(ros):
    recorded, _, processes = heard_from_the_start(ros, lock_step=True)
    paths = ros.talk(JointTrajectory, f"{NODE}/target_trajectory", qos.events())
    ros.until(paths.get_subscription_count)
    robot = load_robot(ROBOT)
    path = JointTrajectory(joint_names=list(robot.names))
    for seconds, offset in ((1, 0.2), (2, -0.1)):
        point = JointTrajectoryPoint(positions=(robot.home + offset).tolist())
        point.time_from_start.sec = seconds
        path.points.append(point)
    goals = recorded.count(f"{NODE}/goal_joints")
    paths.publish(path)
    ros.until(lambda: recorded.count(f"{NODE}/goal_joints") > goals)
    ros.spin(0.8)
    end(ros, processes)
    log = read_log(recorded.write(ros.folder / "bag"))
    (moving,) = [goal for goal in log.goals if goal.path is not None]
    assert moving.path.step * (len(moving.path.table) - 1) == pytest.approx(2.0, abs=0.02)
    result = compared(counterfactual(log), log)
    assert result.compared > 200
    assert result.missing == 0
    assert result.same == result.compared


def test_when_a_policy_acted_in_lock_step_expect_policy_and_handover_repeated(
    ros, tmp_path, pd_policy
):
    file = tmp_path / "policy.safetensors"
    save_policy(file, pd_policy(load_robot(ROBOT), stiffness=250.0, damping=28.0))
    node = "policy_controller"
    rules = {"policy": file, "handover.outside": 0.5, "handover.inside": 0.4}
    recorded, targets, processes = heard_from_the_start(ros, True, node, **rules)
    for offset in (np.array([0.3, -0.2]), np.array([-0.6, 0.9])):
        aim(ros, recorded, targets, offset, node)
        ros.spin(0.4)
    end(ros, processes)
    log = read_log(recorded.write(ros.folder / "bag"))
    assert "policy" in log.decisions.column("policy.acting")
    result = compared(counterfactual(log), log)
    assert result.compared > 100
    assert (result.same, result.missing) == (result.compared, 0)
    alone = compared(counterfactual(log, {"policy": ""}), log)
    assert not alone.identical
    file.unlink()
    with pytest.raises(DataError, match="--set policy= for none"):
        counterfactual(log)
