"""The command `replay counterfactual`: figures, picture, numbers, and clear words on bad input."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

pytest.importorskip("pybullet")

from rl_control.cli import main
from rl_control.data.runs.log import read_log
from rl_control.run.replay_counterfactual import speed
from rl_control.run.rig import make_rig


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    rig = make_rig("planar2").recorded(folder, 1_700_000_000_000_000_000)
    rig.reach(rig.goal((0.508, 0.14, 0.691)))
    rig.close()
    return folder


def replay(*words):
    return main(["replay", "counterfactual", *map(str, words)])


def test_when_nothing_is_changed_expect_it_said_that_all_is_the_same(run, capsys):
    assert replay(run) == 0
    said = capsys.readouterr().out
    count = len(read_log(run).commands.stamps)
    assert f"all {count} commands are those recorded, to the bit" in said
    assert "times real time" in said
    cost = re.search(r"mean cost of a plan: (\S+) \(recorded (\S+)\)", said)
    assert cost is not None and cost[1] == cost[2]  # of the same states


def test_when_building_takes_long_expect_both_speeds():
    assert speed(8.0, 0.0, 1.0, 3.0).startswith("2.00 s for the states: 4.0 times real time; 3.00")
    assert speed(8.0, 0.0, 0.1, 4.1) == "4.00 s for the states: 2.0 times real time"


def test_when_a_weight_is_changed_expect_figures_picture_and_commands(run, tmp_path, capsys):
    figures, folder = tmp_path / "out.json", tmp_path / "out"
    change = ("--set", "task.weights.posture=[40.0]")
    assert replay(run, *change, "--json", figures, "--output", folder) == 0
    said = capsys.readouterr().out
    assert "difference of the commands" in said
    found = json.loads(figures.read_text())
    assert found["names"] == ["shoulder", "elbow"]
    assert max(found["greatest"]) > 0.1
    rows = np.genfromtxt(folder / "counterfactual.csv", delimiter=",", names=True)
    recorded, own = rows["recordedshoulder"], rows["counterfactualshoulder"]
    assert np.nanmax(np.abs(own - recorded)) == found["greatest"][0]
    np.testing.assert_array_equal(
        recorded[np.isfinite(recorded)], read_log(run).commands.values[:, 0]
    )
    assert (folder / "counterfactual.png").read_bytes()[1:4] == b"PNG"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--set", "mpc.horizon"), "Write NAME=VALUE"),
        (("--set", "mpc.horizn=3"), "mpc.horizon"),
        (("--robot", "iiwa7"), "it is of joints shoulder, elbow"),
        (("--model", "/nowhere.safetensors"), "/nowhere.safetensors"),
        (("--params", "/nowhere.yaml"), "/nowhere.yaml"),
        (("--controller", "other"), "controllers in it: /mpc_controller"),
    ],
)
def test_when_the_input_is_bad_expect_what_is_wrong(run, capsys, words, message):
    assert replay(run, *words) == 2
    assert message in capsys.readouterr().err


def test_when_there_is_no_bag_expect_its_path(tmp_path, capsys):
    assert replay(tmp_path / "nothing") == 2
    assert "nothing" in capsys.readouterr().err
