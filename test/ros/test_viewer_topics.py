"""The layouts for viewers against the nodes themselves."""

import json
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

sys.path.insert(0, str(Path(__file__).parents[1]))
from diagnostic_msgs.msg import DiagnosticArray
from viewer_topics import TOPICS

from rl_control.paths import data_dir
from rl_control.robot.description import load_robot
from rl_control.ros.diagnostics import diagnostic_values

KEY = re.compile(r'name=="(\w+)"\}\.values\[:\]\{key=="([\w.]+)"')


def test_when_the_nodes_run_expect_every_topic_and_figure_that_the_layouts_name(ros):
    ros.start("arm_sim")
    ros.start("mpc_controller")
    heard = ros.listen(DiagnosticArray, "/mpc_controller/decisions")
    ros.until(lambda: ros.figure("mpc_controller", "plans") > 50, 90.0)
    ros.until(lambda: ros.figure("arm_sim", "answered") > 0 and heard)
    there = dict(ros.node.get_topic_names_and_types())
    assert {topic: there.get(topic) for topic in TOPICS} == {
        topic: [kind] for topic, kind in TOPICS.items()
    }

    reported = {(node, key) for node, values in ros.reports.items() for key in values}
    layout = (data_dir("config") / "foxglove/arm.json").read_text()
    paths = [
        p["value"] for c in json.loads(layout)["configById"].values() for p in c.get("paths", [])
    ]
    for path in paths:
        found = KEY.search(path)
        assert found is None or found.groups() in reported, path

    decided = diagnostic_values(heard[-1], "mpc_controller")
    keys = {
        *(f"/diagnostics/iiwa7/{node}/{key}" for node, key in reported),
        *(f"/mpc_controller/decisions/iiwa7/mpc_controller/{key}" for key in decided),
        *(f"/effort_controller/commands/data[{k}]" for k in range(load_robot("iiwa7").n)),
    }
    series = ElementTree.parse(data_dir("config") / "plotjuggler/arm.xml").iter("curve")
    named = [curve.get("name") for curve in series]
    told = [name for name in named if not name.startswith("/joint_states/")]
    assert [name for name in told if name not in keys] == []
