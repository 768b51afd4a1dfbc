"""What the dashboard makes of messages, whole, odd and broken."""

import math

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PoseStamped
from rcl_interfaces.msg import Log
from sensor_msgs.msg import JointState as JointStateMessage

from rl_control.robot.description import load_robot
from rl_control.ros.diagnostics import ERROR, OK, diagnostic_message
from rl_control.ros.top_limits import from_description, from_settings, read_settings
from rl_control.ros.top_rates import Count
from rl_control.ros.top_watch import Watch

NODES = ["/arm_sim", "/mpc_controller"]


@pytest.fixture
def watch():
    return Watch("mpc_controller", "/joint_states", 7)


@pytest.fixture(scope="module")
def robot():
    return load_robot("iiwa7")


def states(names, position, velocity=(), effort=()):
    return JointStateMessage(
        name=list(names), position=list(position), velocity=list(velocity), effort=list(effort)
    )


def report(values, level=OK, summary="controlling", name="mpc_controller"):
    return diagnostic_message(name, "iiwa7", level, summary, values, Time())


def seen(watch, now=10.0, nodes=NODES):
    return watch.snapshot(now, "12:00:00", nodes)


def test_when_states_come_in_another_order_expect_joints_in_the_arms_order(watch, robot):
    watch.joints.description(robot.urdf)
    q = np.arange(robot.n) / 10
    shuffled = [3, 0, 6, 1, 5, 2, 4]
    names = [robot.names[k] for k in shuffled]
    watch.states(1, [states(names, q[shuffled], q[shuffled], q[shuffled])], 9.9)
    joints = seen(watch).joints
    assert tuple(joint.name for joint in joints) == robot.names
    assert [joint.position for joint in joints] == q.tolist()
    assert [joint.effort_limit for joint in joints] == robot.limits.effort.tolist()
    place = (q - robot.limits.lower) / (robot.limits.upper - robot.limits.lower)
    assert [joint.place for joint in joints] == pytest.approx(place.tolist())


def test_when_two_senders_share_the_topic_expect_the_joints_of_both(watch, robot):
    watch.joints.description(robot.urdf)
    arm = states(robot.names, [0.0] * robot.n)
    watch.states(20, [arm, states(["gripper"], [0.04])], 9.9)
    shown = seen(watch)
    assert [joint.name for joint in shown.joints] == [*robot.names, "gripper"]
    assert shown.notes == ()


def test_when_a_driver_reports_positions_only_expect_the_rest_unknown(watch):
    watch.states(1, [states(["a", "b"], [1.0, math.nan])], 9.9)
    first, second = seen(watch).joints
    assert first.position == 1.0
    assert math.isnan(first.velocity) and math.isnan(first.effort_share)
    assert math.isnan(second.position)


def test_when_there_is_no_description_expect_joints_without_limits_and_a_note(watch):
    watch.states(1, [states(["a"], [1.0])], 9.9)
    shown = seen(watch)
    assert math.isnan(shown.joints[0].place)
    assert "no robot_description" in shown.notes[0]


def test_when_only_the_settings_name_the_robot_expect_its_limits(watch, robot):
    watch.joints.settings("robot: iiwa7\nrate: 200.0\n")
    watch.states(1, [states(robot.names, [0.0] * robot.n)], 9.9)
    shown = seen(watch)
    assert [joint.upper for joint in shown.joints] == robot.limits.upper.tolist()
    assert shown.notes == ()


def test_when_the_description_is_of_another_arm_expect_a_note(watch, robot):
    watch.joints.description(robot.urdf)
    watch.states(1, [states(["shoulder"], [0.0])], 9.9)
    assert "different arms" in seen(watch).notes[0]


def test_when_the_description_is_broken_expect_why_and_bars_without_limits(watch):
    watch.joints.description("<robot name='x'>")
    watch.states(1, [states(["a"], [1.0])], 9.9)
    shown = seen(watch)
    assert "robot_description" in shown.notes[0]
    assert len(shown.joints) == 1


def test_when_a_joint_is_continuous_or_has_no_limit_expect_no_place():
    text = """<robot name="r"><link name="a"/><link name="b"/><link name="c"/>
    <joint name="turns" type="continuous"><parent link="a"/><child link="b"/>
    <limit velocity="2" effort="3"/></joint>
    <joint name="bare" type="revolute"><parent link="b"/><child link="c"/></joint></robot>"""
    bounds = from_description(text, "test").bounds
    assert bounds["turns"].upper == math.inf and bounds["turns"].velocity == 2.0
    assert math.isnan(bounds["bare"].upper) and math.isnan(bounds["bare"].effort)


def test_when_settings_are_no_settings_expect_nothing_of_them():
    assert read_settings("a: [1") == {}
    assert read_settings("just words") == {}
    assert from_settings({"robot": 3}).bounds == {}
    assert "no_such_arm" in from_settings({"robot": "no_such_arm"}).problem


def test_when_states_come_at_a_rate_expect_that_rate_and_their_age(watch):
    for k in range(30):
        watch.states(20, [states(["a"], [0.0])], 5.0 + 0.1 * k)
    shown = seen(watch, now=8.0)
    assert shown.state_hz == pytest.approx(200.0)
    assert shown.state_age_s == pytest.approx(0.1)
    assert not shown.stale
    assert seen(watch, now=9.0).stale


def test_when_the_controller_reports_expect_its_figures(watch):
    for k in range(20):
        values = {
            "goal": "moving", "tip_error_mm": 20.0 - k, "solve_ms": 0.1 * (k + 1),
            "plans": 100 * k, "late": k // 10, "misses": 0, "unanswered": 2, "status": "converged",
            "model": {"version": 3}, "policy": {"acting": "mpc"},
        }  # fmt: skip
        watch.report(report(values), 0.5 * k)
    shown = seen(watch, now=9.6).controller
    assert (shown.goal, shown.plan_status, shown.lifecycle) == ("moving", "converged", "active")
    assert shown.tip_error_mm == 1.0
    assert shown.tip_errors == tuple(20.0 - k for k in range(20))
    assert shown.plans_hz == pytest.approx(200.0)
    assert shown.solve_p50_ms == pytest.approx(np.median([0.1 * (k + 1) for k in range(20)]))
    assert shown.solve_p99_ms == pytest.approx(np.percentile(shown.solve_ms, 99))
    assert (shown.late, shown.unanswered, shown.misses, shown.lately) == (1, 2, 0, 1)
    assert (shown.model, shown.policy) == ({"version": "3"}, {"acting": "mpc"})
    assert shown.node.age_s == pytest.approx(0.1)


def test_when_motion_was_stopped_expect_the_reason_alone(watch):
    summary = "motion stopped: velocity_limit at j4: 1.9, allowed 1.7"
    watch.report(report({}, ERROR, summary), 9.9)
    assert seen(watch).controller.safety == "velocity_limit at j4: 1.9, allowed 1.7"


def test_when_figures_are_words_or_nan_expect_them_unknown_and_nothing_raised(watch):
    watch.report(report({"tip_error_mm": "far", "solve_ms": math.nan, "late": "nan"}), 9.9)
    shown = seen(watch).controller
    assert math.isnan(shown.tip_error_mm) and math.isnan(shown.solve_p50_ms)
    assert shown.late == 0


def test_when_the_controller_starts_anew_expect_its_rate_not_negative(watch):
    watch.report(report({"plans": 5000}), 1.0)
    watch.report(report({"plans": 10}), 2.0)
    assert math.isnan(seen(watch).controller.plans_hz)
    watch.report(report({"plans": 210}), 3.0)
    assert seen(watch).controller.plans_hz == pytest.approx(200.0)


def test_when_a_transition_is_heard_expect_its_state(watch):
    watch.report(report({}), 9.0)
    watch.lifecycle("inactive")
    assert seen(watch).controller.lifecycle == "inactive"
    assert seen(watch, 20.0, nodes=[]).controller.lifecycle == "not running"


def test_when_the_node_is_there_but_silent_or_gone_expect_it_said(watch):
    assert seen(watch).controller.lifecycle == "not active"
    assert seen(watch, nodes=[]).controller.lifecycle == "not running"
    watch.report(report({}), 9.0)
    assert seen(watch, nodes=[]).controller.lifecycle == "active"  # not in the graph as yet
    assert seen(watch, 20.0, nodes=[]).controller.lifecycle == "not running"


def test_when_two_controllers_have_one_name_expect_a_note(watch):
    nodes = ["/left/mpc_controller", "/right/mpc_controller"]
    assert "figures mix" in seen(watch, nodes=nodes).notes[0]


def test_when_other_nodes_report_expect_them_until_they_are_long_silent(watch):
    values = {"state_to_command_ms": {"p50": 0.9, "p99": 1.8}, "missed": 4, "secret": 1}
    watch.report(report(values, name="arm_sim"), 9.0)
    (arm,) = seen(watch).others
    assert (arm.name, arm.values["p99"], arm.values["missed"]) == ("arm_sim", "1.8", "4")
    assert "secret" not in arm.values
    assert seen(watch, now=200.0).others == ()


def test_when_a_line_is_logged_expect_warnings_and_errors_only(watch):
    for level in (10, 20, 30, 40):
        watch.log(Log(level=level, name="n", msg=f"said at {level}"), "12:00:01")
    assert [(said.level, said.text) for said in seen(watch).log] == [
        ("WARN", "said at 30"),
        ("ERROR", "said at 40"),
    ]


def test_when_a_goal_is_heard_expect_where_it_is(watch):
    goal = PoseStamped()
    goal.pose.position.x, goal.pose.position.z = 0.4, 0.6
    watch.goal(goal)
    watch.joints.goal(states(["a"], [0.3]))
    watch.states(1, [states(["a", "b"], [0.0, 0.0])], 9.9)
    shown = seen(watch)
    assert shown.controller.goal_position == (0.4, 0.0, 0.6)
    assert shown.joints[0].goal == 0.3 and math.isnan(shown.joints[1].goal)


def test_when_diagnostics_are_empty_expect_nothing_of_them(watch):
    watch.report(DiagnosticArray(), 9.0)
    assert seen(watch).controller.node is None


def test_when_a_count_is_watched_expect_its_rate_over_the_window_only():
    count = Count(1.0)
    assert math.isnan(count.rate) and count.risen == 0.0
    for k in range(50):
        count.note(0.1 * k, 100.0 if k < 25 else 100.0 + 5.0 * (k - 25))
    assert count.rate == pytest.approx(50.0)
    assert count.risen == pytest.approx(50.0)
