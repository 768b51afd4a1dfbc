"""The page of topics and services against running nodes."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.serialization import serialize_message
from std_msgs.msg import String
from topic_page import EVERY_NODE, Offer, section

from rl_control.data.bags.writer import BagWriter
from rl_control.policy.store import save_policy
from rl_control.robot.description import load_robot
from rl_control.ros.diagnostics import diagnostic_values

CONTROLLERS = "mpc_controller, policy_controller"


def offered(ros, node: str) -> set[Offer]:
    """Return what a running node offers."""
    asked = (
        ("out", ros.node.get_publisher_names_and_types_by_node),
        ("in", ros.node.get_subscriber_names_and_types_by_node),
        ("service", ros.node.get_service_names_and_types_by_node),
    )
    return {
        Offer(name, kind, way)
        for way, ask in asked
        for name, kinds in ask(node, "/")
        for kind in kinds
    }


def check(ros, node: str, title: str, beside=frozenset()) -> None:
    """Compare what a node offers, `beside` topics of others, with the page; its figures, too."""
    own, common = section(title, node), section(EVERY_NODE, node)
    needed = own.always | common.always
    if node == "browser_view":  # it reports nothing
        needed = {o for o in needed if (o.name, o.way) != ("/diagnostics", "out")}
    ros.until(lambda: node in ros.node.get_node_names(), 60.0)
    ros.until(lambda: needed <= offered(ros, node), 10.0, must=False)
    there = offered(ros, node)
    assert needed - there == set(), f"{node} does not offer what the page tells"
    if node == "bag_recorder":  # it listens to all there is
        there = {o for o in there if o.way != "in"}
    there = {o for o in there if o.name not in beside}
    assert there - own.offers.keys() - common.offers.keys() == set(), f"{node}: not in the page"
    untold = [key for key in ros.reports.get(node, {}) if not own.tells_of(key)]
    assert untold == [], f"{node}: figures in /diagnostics that the page does not tell of"
    missing = {key for key in own.keys if "." not in key} - ros.reports.get(node, {}).keys()
    assert missing == set(), f"{node}: figures of the page that are not in /diagnostics"


@pytest.mark.slow
def test_when_an_arm_is_controlled_learned_recorded_and_seen_expect_it_as_in_the_page(
    ros, tmp_path
):
    decisions = ros.listen(DiagnosticArray, "/mpc_controller/decisions")
    ros.start(
        *("launch", "arm_mpc", "robot:=planar2", "view:=true", "view_port:=0"),
        *("record:=true", f"record_folder:={tmp_path / 'bag'}"),
    )
    ros.start("dynamics_learner", robot="planar2", folder=tmp_path / "models")
    nodes = ("arm_sim", "mpc_controller", "dynamics_learner", "bag_recorder")
    ros.until(lambda: all(node in ros.reports for node in nodes) and decisions, 90.0)
    for node in nodes:
        check(ros, node, CONTROLLERS if node == "mpc_controller" else node)
    check(ros, "browser_view", "browser_view")

    told = section("Decisions", "mpc_controller")
    decided = diagnostic_values(decisions[-1], "mpc_controller")
    assert [key for key in decided if not told.tells_of(key)] == []
    assert {key for key in told.keys if "." not in key} <= decided.keys()


def test_when_a_policy_acts_expect_its_topics_and_figures_in_the_page(ros, tmp_path, pd_policy):
    robot = load_robot("planar2")
    save_policy(tmp_path / "policy.safetensors", pd_policy(robot))
    ros.start("arm_sim", robot="planar2")
    ros.start("policy_controller", robot="planar2", policy=tmp_path / "policy.safetensors")
    decisions = ros.listen(DiagnosticArray, "/policy_controller/decisions")
    ros.until(lambda: "policy_controller" in ros.reports and decisions, 90.0)
    check(ros, "policy_controller", CONTROLLERS)
    told = section("Decisions", "policy_controller")
    decided = diagnostic_values(decisions[-1], "policy_controller")
    assert [key for key in decided if not told.tells_of(key)] == []


@pytest.mark.slow
def test_when_a_policy_is_trained_expect_the_trainer_as_in_the_page(ros, tmp_path):
    ros.start("arm_sim", robot="planar2")
    settings = "['episode.duration=100', 'episode.dt=0.05']"
    ros.start("gps_trainer", robot="planar2", folder=tmp_path / "run", settings=settings)
    ros.until(lambda: ros.summary("gps_trainer") == "moving", 60.0)
    check(ros, "gps_trainer", "gps_trainer")
    moving = offered(ros, "rl_control_plant")
    assert section("rl_control_plant", "rl_control_plant").always <= moving


def test_when_a_bag_is_played_expect_the_player_as_in_the_page(ros, tmp_path):
    with BagWriter(tmp_path / "bag") as bag:
        bag.topic("/said", "std_msgs/msg/String")
        for second in (1, 2):
            raw = bytes(serialize_message(String(data="hello")))
            bag.write("/said", raw, received=second * 10**9)
    ros.start("bag_player", bag=tmp_path / "bag", loop=True, paused=True, discovery_time=0.5)
    ros.until(lambda: ros.summary("bag_player") == "paused", 60.0)
    check(ros, "bag_player", "bag_player", beside={"/said"})
