"""The verb `rerun`: without the library its remedy, with it a recording that can be read."""

import importlib.util
import re
import subprocess
import sys

import numpy as np
import pytest

from rl_control.cli import main
from rl_control.data.bags.diagnostics_bytes import diagnostics_bytes
from rl_control.data.bags.layout import DEFAULT, LATCHED
from rl_control.data.bags.writer import BagWriter
from rl_control.robot.description import load_robot
from rl_control.run.recorded_messages import (
    KINDS,
    command_bytes,
    joints_bytes,
    path_bytes,
    pose_bytes,
    text_bytes,
)

STEP, COUNT = 5_000_000, 200
needs_rerun = pytest.mark.skipif(
    importlib.util.find_spec("rerun") is None, reason="rerun-sdk is not installed"
)


@pytest.fixture
def bag(tmp_path):
    """A second of a turning arm, a goal and a plan; described."""
    robot = load_robot("planar2")
    own = "/mpc_controller/"
    with BagWriter(tmp_path / "bag") as writer:
        for name, kind in KINDS.items():
            latched = name in ("goal", "goal_joints", "settings", "/robot_description")
            topic = name if name.startswith("/") else own + name
            writer.topic(topic, kind, LATCHED if latched else DEFAULT)
        writer.write("/robot_description", text_bytes(robot.urdf), 0)
        free = pose_bytes(0, robot.base, np.array([0.5, 0.0, 0.2]), np.zeros(4))
        writer.write(f"{own}goal", free, 0)
        writer.write(f"{own}goal_joints", joints_bytes(0, robot.names, np.ones(2)), 0)
        writer.write(f"{own}tip_path", path_bytes(0, robot.base, np.eye(3)), STEP)
        for k in range(COUNT):
            at, q = k * STEP, np.array([0.01 * k, -0.01 * k])
            writer.write("/joint_states", joints_bytes(at, robot.names, q, q, q), at)
            told = {"tip_error_mm": f"{COUNT - k}", "cost_by_term.posture": "1.5"}
            raw = diagnostics_bytes(at, "mpc_controller", "planar2", 0, "", told)
            writer.write(f"{own}decisions", raw, at)
            command = command_bytes(f"{at // 10**9}.{at % 10**9:09d}", q)
            writer.write("/effort_controller/commands", command, at)
    return tmp_path / "bag"


def printed(file):
    """Return {entity: rows} of a recording, as the library's own program reads it."""
    command = [sys.executable, "-m", "rerun", "rrd", "print", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    rows: dict[str, int] = {}
    for count, entity in re.findall(r"with (\d+) rows .*? - (/\S+)", done.stdout):
        rows[entity] = rows.get(entity, 0) + int(count)
    return rows


@pytest.mark.skipif(importlib.util.find_spec("rerun") is not None, reason="rerun-sdk is installed")
def test_when_rerun_is_not_installed_expect_the_remedy(capsys, tmp_path):
    assert main(["rerun", str(tmp_path)]) == 2
    assert "pip install 'rl_control[rerun]'" in capsys.readouterr().err


@needs_rerun
@pytest.mark.parametrize("meshes", [True, False])
def test_when_a_run_is_saved_expect_curves_arm_goal_and_plan_in_it(
    bag, tmp_path, capsys, meshes, monkeypatch
):
    found = importlib.util.find_spec
    if not meshes:
        monkeypatch.setattr(
            importlib.util, "find_spec", lambda name: None if name == "trimesh" else found(name)
        )
    file = tmp_path / "run.rrd"
    assert main(["rerun", str(bag), "--save", str(file)]) == 0
    assert f"left {file}: 1.0 s, {COUNT} states" in capsys.readouterr().out
    rows = printed(file)
    for path in ("joints/position", "joints/effort", "commands/sent", "tip/error_mm"):
        assert rows[f"/{path}"] == COUNT + 1  # and the names of its columns
    links = [f"/world/arm/{'/'.join(load_robot('planar2').names[: k + 1])}" for k in range(2)]
    assert [rows[link] for link in links] == [60, 60]
    assert f"{links[-1]}/tip" in rows
    assert any("shape_" in entity for entity in rows) == meshes
    assert any("stick" in entity for entity in rows) != meshes
    assert rows["/world/plan"] == 1
    assert {"/world/goal", "/world/goal/axes", "/log/goal"} <= set(rows)


@needs_rerun
def test_when_the_file_cannot_be_written_expect_an_error_before_any_work(bag, tmp_path, capsys):
    assert main(["rerun", str(bag), "--save", str(tmp_path / "no" / "run.rrd")]) == 2
    assert "--save" in capsys.readouterr().err


@needs_rerun
def test_when_the_robot_is_of_other_joints_expect_it_refused(bag, tmp_path, capsys):
    file = str(tmp_path / "run.rrd")
    assert main(["rerun", str(bag), "--save", file, "--robot", "iiwa7"]) == 2
    assert "iiwa7" in capsys.readouterr().err


@needs_rerun
def test_when_there_is_no_bag_expect_it_said(tmp_path, capsys):
    assert main(["rerun", str(tmp_path / "nothing")]) == 2
    assert "nothing" in capsys.readouterr().err
