"""`rl_control collect` from the command line to the file it leaves."""

import json

import numpy as np
import pytest

from rl_control.cli import main
from rl_control.control.excite_settings import ExcitationConfig
from rl_control.data.checks import check_enough
from rl_control.data.runs.log import read_log
from rl_control.data.store import load_transitions
from rl_control.robot.description import load_robot
from rl_control.run.collect import MOTION, RESULT


def collect(tmp_path, *words):
    code = main(
        ["collect", "--robot", "planar2", "--rollouts", "2", "--seconds", "3",
         "--runs", str(tmp_path), *words]
    )  # fmt: skip
    (folder,) = tmp_path.iterdir()
    return code, load_transitions(folder / MOTION), json.loads((folder / RESULT).read_text())


@pytest.mark.parametrize("words", [(), ("--no-model",), ("--payload", "1", "--friction", "0.5")])
def test_when_an_arm_is_moved_expect_motion_to_learn_from_within_its_limits(
    tmp_path, capsys, words
):
    code, data, result = collect(tmp_path, *words)
    assert code == 0
    assert data.seconds == pytest.approx(6.0)
    check_enough(data, 5.0)
    limits = load_robot("planar2").limits
    assert (np.abs(data.states[:, 2:]) <= 1.1 * limits.velocity).all()
    assert (data.states[:, :2] >= limits.lower).all()
    assert (data.states[:, :2] <= limits.upper).all()
    assert [rollout["stopped"] for rollout in result["rollouts"]] == ["", ""]
    text = capsys.readouterr().out
    assert "planar2: shares of limits" in text
    assert "left 6.0 s of motion in" in text


def test_when_the_seed_is_the_same_expect_the_same_motion(tmp_path):
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
    digests = [
        collect(tmp_path / name, "--seed", seed)[1].digest
        for name, seed in (("a", "1"), ("b", "1"), ("c", "2"))
    ]
    assert digests[0] == digests[1]
    assert digests[0] != digests[2]


def test_when_an_arm_is_moved_expect_a_bag_of_the_same_motion(tmp_path):
    _, data, result = collect(tmp_path)
    (folder,) = tmp_path.iterdir()
    log = read_log(folder)
    assert log.controller == "/excitation"
    assert [one.start for one in log.settings] == [True, True]
    assert log.settings[0].values["robot"] == "planar2"
    assert log.settings[0].values["excitation.kind"] == ExcitationConfig().kind
    np.testing.assert_array_equal(log.commands.values, data.controls)
    assert len(log.states.stamps) == len(data.controls) + 2
    assert log.description == load_robot("planar2").urdf
    told = json.loads((folder / "run.json").read_text())
    assert told["result"]["rollouts"] == result["rollouts"]


def test_when_no_recording_is_wanted_expect_the_same_motion_without_a_bag(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    assert collect(tmp_path / "a")[1].digest == collect(tmp_path / "b", "--no-record")[1].digest
    (folder,) = (tmp_path / "b").iterdir()
    assert {path.name for path in folder.iterdir()} == {MOTION, RESULT, "run.json"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--rollouts", "0"], "--rollouts"),
        (["--seconds", "nan"], "--seconds"),
        (["--payload", "-1"], "--payload"),
        (["--excitation.kind", "sine"], "excitation.kind"),
        (["--robot", "planar3"], "did you mean 'planar2'"),
    ],
)
def test_when_input_is_bad_expect_one_message_exit_2_and_no_folder(
    tmp_path, capsys, words, message
):
    assert main(["collect", "--runs", str(tmp_path), *words]) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
