"""Layouts for RViz, Foxglove and PlotJuggler: whole, consistent, and of topics that there are."""

import json
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from rl_control.paths import data_dir
from rl_control.robot.description import load_robot

sys.path.insert(0, str(Path(__file__).parent))
from viewer_topics import LATCHED, TOPICS

DISPLAYED = {
    "RobotModel": "std_msgs/msg/String",
    "Path": "nav_msgs/msg/Path",
    "Pose": "geometry_msgs/msg/PoseStamped",
}
PUBLISHED = {"SetGoal": "geometry_msgs/msg/PoseStamped"}
# What each panel of Foxglove is made of.
PANELS = {
    "3D": {"topics", "layers", "publish"},
    "Plot": {"paths"},
    "StateTransitions": {"paths"},
    "Publish": {"topicName", "datatype", "value"},
    "DiagnosticSummary": {"topicToRender"},
    "RosOut": {"topicToRender"},
}
# What of each message may be plotted.
PARTS = {
    "/joint_states": re.compile(r"\.(position|velocity|effort)\[\d\]$"),
    "/effort_controller/commands": re.compile(r"\.data\[\d\]$"),
    "/diagnostics": re.compile(
        r'\.status\[:\]\{name=="\w+"\}\.(message|values\[:\]\{key=="[\w.]+"\}\.value)$'
    ),
    "/mpc_controller/decisions": re.compile(r'\.status\[0\]\.values\[:\]\{key=="[\w.]+"\}\.value$'),
}


@pytest.fixture(scope="module")
def rviz():
    return yaml.safe_load((data_dir("config") / "rviz/arm.rviz").read_text())


@pytest.fixture(scope="module")
def foxglove():
    return json.loads((data_dir("config") / "foxglove/arm.json").read_text())


@pytest.fixture(scope="module")
def plotjuggler():
    return ElementTree.parse(data_dir("config") / "plotjuggler/arm.xml").getroot()


@pytest.fixture(scope="module")
def robot():
    return load_robot("iiwa7")


def topic_of(display):
    return display.get("Topic") or display.get("Description Topic")


def test_when_rviz_shows_a_topic_expect_it_of_that_display_and_durable_where_latched(rviz):
    shown = [d for d in rviz["Visualization Manager"]["Displays"] if topic_of(d)]
    assert len(shown) == 4
    for display in shown:
        topic = topic_of(display)
        kind = DISPLAYED[display["Class"].rpartition("/")[2]]
        assert TOPICS[topic["Value"]] == kind
        durable = topic["Durability Policy"] == "Transient Local"
        assert durable == (topic["Value"] in LATCHED)


def test_when_rviz_publishes_expect_the_controllers_target(rviz):
    tools = [t for t in rviz["Visualization Manager"]["Tools"] if "Topic" in t]
    (goal,) = tools
    assert PUBLISHED[goal["Class"].rpartition("/")[2]] == TOPICS[goal["Topic"]["Value"]]
    assert goal["Topic"]["Value"] == "/mpc_controller/target_pose"


def test_when_rviz_is_loaded_expect_each_class_named_and_the_fixed_frame_of_the_arm(rviz, robot):
    manager = rviz["Visualization Manager"]
    for part in [*rviz["Panels"], *manager["Displays"], *manager["Tools"]]:
        assert re.fullmatch(r"rviz_(common|default_plugins)/[A-Z][\w ]+", part["Class"])
    assert manager["Global Options"]["Fixed Frame"] == robot.base
    assert {d["Name"] for d in manager["Displays"] if d["Enabled"] != d["Value"]} == set()


def leaves(layout):
    if isinstance(layout, str):
        return [layout]
    assert layout["direction"] in ("row", "column")
    assert 0 < layout["splitPercentage"] < 100
    return leaves(layout["first"]) + leaves(layout["second"])


def test_when_foxglove_lays_out_panels_expect_each_once_with_its_settings(foxglove):
    placed = leaves(foxglove["layout"])
    assert len(placed) == len(set(placed))
    assert set(placed) == set(foxglove["configById"])
    assert set(foxglove) == {
        "configById",
        "globalVariables",
        "userNodes",
        "playbackConfig",
        "layout",
    }
    for name, config in foxglove["configById"].items():
        assert PANELS[name.partition("!")[0]] <= set(config)


def test_when_foxglove_plots_expect_paths_into_the_messages_there_are(foxglove):
    paths = [p["value"] for c in foxglove["configById"].values() for p in c.get("paths", [])]
    assert len(paths) > 20
    for path in paths:
        topic = next(t for t in sorted(TOPICS, key=len, reverse=True) if path.startswith(t))
        assert PARTS[topic].match(path.removeprefix(topic)), path


def test_when_foxglove_shows_the_arm_expect_its_description_joints_and_goal(foxglove):
    panel = foxglove["configById"]["3D!arm"]
    (arm,) = (la for la in panel["layers"].values() if la["layerId"] == "foxglove.Urdf")
    assert (arm["sourceType"], arm["topic"]) == ("topic", "/robot_description")
    assert set(panel["topics"]) <= set(TOPICS)
    assert panel["topics"]["/joint_states"]["visible"]
    for key in ("DiagnosticSummary!nodes", "RosOut!log"):
        assert foxglove["configById"][key]["topicToRender"] in TOPICS


def test_when_foxglove_publishes_expect_a_pose_that_the_controller_takes(foxglove):
    panel = foxglove["configById"]["Publish!target"]
    assert panel["datatype"] == TOPICS[panel["topicName"]]
    message = json.loads(panel["value"])
    assert message["header"]["frame_id"] == ""
    assert set(message["pose"]["orientation"].values()) == {0}
    clicked = foxglove["configById"]["3D!arm"]["publish"]
    assert (clicked["type"], clicked["poseTopic"]) == ("pose", panel["topicName"])


def test_when_plotjuggler_draws_expect_series_as_it_names_them(plotjuggler, robot):
    joints = [f"/joint_states/{name}/" for name in robot.names]
    names = [curve.get("name") for curve in plotjuggler.iter("curve")]
    assert len(names) == len(set(names)) > 40
    commanded = re.compile(r"/effort_controller/commands/data\[[0-6]\]")
    told = re.compile(
        r"(/diagnostics|/mpc_controller/decisions)/iiwa7/(mpc_controller|arm_sim)/[\w.]+"
    )
    for name in names:
        of_joint = any(name == f"{joint}{what}" for joint in joints
                       for what in ("position", "velocity", "effort"))  # fmt: skip
        assert of_joint or commanded.fullmatch(name) or told.fullmatch(name), name


def test_when_plotjuggler_splits_a_tab_expect_sizes_for_all_its_plots(plotjuggler):
    splitters = list(plotjuggler.iter("DockSplitter"))
    assert splitters
    for splitter in splitters:
        sizes = [float(size) for size in splitter.get("sizes").split(";")]
        assert len(sizes) == len(splitter) == int(splitter.get("count"))
        assert sum(sizes) == pytest.approx(1.0, abs=1e-3)
