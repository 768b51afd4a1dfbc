"""The folder of a search."""

import json

import pytest
import yaml

from rl_control.config import load
from rl_control.errors import DataError
from rl_control.plants.bullet_config import BulletConfig
from rl_control.run.reach_settings import RigConfig
from rl_control.run.rig_settings import arm_from_file, from_file
from rl_control.run.tune_files import (
    ASKED,
    TRIALS,
    Asked,
    read_asked,
    read_trials,
    write_asked,
    write_best,
    write_trials,
)
from rl_control.run.tune_score import Episode
from rl_control.run.tune_search import Trial

ASKED_FOR = Asked(
    "planar2", "", "", 0.5, None, 0.1, "", "", ("mpc.iterations=1:4",), "settle_time", 50, 4, 12, 0
)
TRIALS_MADE = [
    Trial({"a.b": 1e-5, "c": 3.0}, (Episode(True, True, 0.1 + 0.2, 1.0, 2.0, 3e-4),), (0.3,)),
    Trial(
        {"a.b": 2.0, "c": 1 / 3},
        (Episode(False, True, 4.5, 1.0, 2.0, 0.3), Episode(False, False, 8.0, 8.0, 8.0, 1.0)),
        (4.5, 8.0),
    ),
]


def test_when_trials_are_kept_expect_them_back_to_the_bit(tmp_path):
    assert read_trials(tmp_path) == []
    write_trials(tmp_path, TRIALS_MADE)
    assert read_trials(tmp_path) == TRIALS_MADE


def test_when_what_was_asked_is_kept_expect_it_back(tmp_path):
    write_asked(tmp_path, ASKED_FOR)
    assert read_asked(tmp_path) == ASKED_FOR


@pytest.mark.parametrize("text", ["", "[]", '{"robot": 1}', '{"search": []}'])
def test_when_the_file_is_damaged_expect_it_said(tmp_path, text):
    (tmp_path / ASKED).write_text(text)
    with pytest.raises(DataError, match=r"tune\.json: damaged"):
        read_asked(tmp_path)


def test_when_the_folder_is_no_search_expect_it_said(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_asked(tmp_path / "none")


@pytest.mark.parametrize(
    ("old", "new"),
    [("trial,", "tr,"), ("0.3", "much"), ("\n1,0", "\n5,0"), ("1,1,", "1,"), (",reached", "")],
)
def test_when_the_table_is_damaged_expect_it_said(tmp_path, old, new):
    write_trials(tmp_path, TRIALS_MADE)
    path = tmp_path / TRIALS
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(DataError, match=r"trials\.csv: damaged"):
        read_trials(tmp_path)


def test_when_the_best_is_written_expect_a_file_for_both_nodes_and_for_a_rig(tmp_path):
    path = tmp_path / "best.yaml"
    changed = {"task.weights.posture": (3.0, 4.0), "mpc.iterations": 2, "velocity_scale": 0.5}
    write_best(path, changed, {"plant.payload": 2.5}, ["what it is", "how to use it"])
    assert path.read_text().startswith("# what it is\n# how to use it\n")
    sections = yaml.safe_load(path.read_text())
    assert set(sections) == {"/**/arm_sim", "/**/mpc_controller"}
    config = from_file(path, RigConfig())
    assert arm_from_file(path) == BulletConfig(payload=2.5)
    assert config.task.weights.posture == (3.0, 4.0)
    assert (config.mpc.iterations, config.velocity_scale) == (2, 0.5)
    assert config.safety.state_timeout == 0.5  # the launch file's own parameter file has it so


def test_when_the_best_is_written_expect_the_nodes_to_take_it(tmp_path):
    pytest.importorskip("rclpy")
    from rl_control.ros.arm_sim_node import ArmSimConfig
    from rl_control.ros.mpc_node import MpcControllerConfig

    path = tmp_path / "best.yaml"
    write_best(path, {"task.terminal.velocity": 7.0}, {}, [])
    assert load(ArmSimConfig, path, section="/arm_sim") == ArmSimConfig()
    config = load(MpcControllerConfig, path, section="/mpc_controller")
    assert config.task.terminal.velocity == 7.0


def test_when_values_are_strange_expect_json_that_can_be_read(tmp_path):
    write_asked(tmp_path, ASKED_FOR)
    assert json.loads((tmp_path / ASKED).read_text())["damping"] is None
