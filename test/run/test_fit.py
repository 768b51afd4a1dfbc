"""The verb fit, from simulated motion to a model that foretells it, and what it refuses."""

from __future__ import annotations

import argparse
import json
import re
import signal
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("pybullet")

from rl_control.data.store import load_transitions, save_transitions
from rl_control.data.transitions import TransitionDataset
from rl_control.errors import ConfigError, DataError, MissingDependencyError, UnknownNameError
from rl_control.models.evaluate import foretell
from rl_control.models.fit import at_step
from rl_control.models.learned import rigid_model
from rl_control.models.mechanics import Mechanics
from rl_control.models.store import load_model
from rl_control.plants.bullet import BulletPlant
from rl_control.plants.bullet_config import BulletConfig
from rl_control.report import fit_plot
from rl_control.robot.description import load_robot
from rl_control.run import fit
from rl_control.run.fit_picture import foretold
from rl_control.run.fit_report import figures
from rl_control.run.fit_training import Training
from rl_control.run.load_motion import TRANSITIONS
from rl_control.types import Command

PAYLOAD = 0.5  # [kg] that the description does not know
ROLLOUTS, SECONDS = 4, 2.5


@pytest.fixture(scope="module")
def robot():
    return load_robot("planar2")


@pytest.fixture(scope="module")
def recorded(robot, tmp_path_factory):
    """A run folder with motion of the arm with a payload."""
    folder = tmp_path_factory.mktemp("collect")
    save_transitions(folder / TRANSITIONS, moved(robot, PAYLOAD, seed=0))
    return folder


@pytest.fixture(autouse=True)
def quiet_place(tmp_path, monkeypatch):
    """Runs are left in a folder of the test's own, and torch uses one thread."""
    monkeypatch.chdir(tmp_path)
    try:
        import torch
    except ImportError:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def moved(robot, payload, seed, rollouts=ROLLOUTS):
    """Sines of effort on top of what holds the arm as described, and a spring to its home."""
    rng = np.random.default_rng(seed)
    described = Mechanics(robot)
    plant = BulletPlant(robot, BulletConfig(payload=payload))
    data = TransitionDataset.empty(robot.names, plant.period)
    times = plant.period * np.arange(round(SECONDS / plant.period))
    for k in range(rollouts):
        state, rows = plant.reset().joints, []
        rates, phases = rng.uniform(3.0, 9.0, 2), rng.uniform(0.0, 6.0, 2)
        for time in times:
            q, v = state.position, state.velocity
            u = described.gravity_torque(q) + [6.0, 3.0] * np.sin(rates * time + phases)
            u = u - [20.0, 8.0] * (q - robot.home) - [2.0, 0.8] * v
            after = plant.step(Command(robot.names, u, state.stamp)).joints
            rows.append((state.vector, after.effort, after.vector))
            state = after
        x, u, later = (np.array(part) for part in zip(*rows, strict=True))
        numbers = np.zeros(len(times), dtype=np.int64)
        data = data.join(
            TransitionDataset(
                robot.names, plant.period, x, u, later, times, numbers, (f"run {k + 1}",)
            )
        )
    plant.close()
    return data


def parse(*words) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    fit.add_arguments(parser)
    return parser.parse_args(["--robot", "planar2", *map(str, words)])


def run_folder(tmp_path):
    (folder,) = (tmp_path / "runs").iterdir()
    return folder


def error(model, data, horizon):
    found = foretell(model, at_step(data, model.dt, overlap=False))
    return float(np.sqrt((found.positions(horizon) ** 2).mean()))


def test_when_a_payload_is_not_described_expect_a_model_that_knows_it(
    recorded, robot, tmp_path, capsys
):
    assert fit.run(parse(recorded, "--json", "fit.json")) == 0
    model, about = load_model(run_folder(tmp_path) / fit.MODEL_FILE, robot)
    fresh = moved(robot, PAYLOAD, seed=1, rollouts=2)
    nominal = rigid_model(Mechanics(robot), model.dt)
    for horizon in (1, 10, 25):
        assert error(model, fresh, horizon) < 0.2 * error(nominal, fresh, horizon)
    found = json.loads((tmp_path / "fit.json").read_text())
    assert about.items() <= found.items()
    assert (about["version"], about["robot"]) == (1, robot.name)
    assert about["digest"] == load_transitions(recorded / TRANSITIONS).digest
    assert about["verdict"]["usable"]
    assert found["settings"]["base"] == "identified"
    assert found["errors"]["seconds"] == pytest.approx([0.02, 0.2, 0.5, 1.0])
    assert np.shape(found["errors"][fit_plot.MODEL]) == (4, 4)
    assert found["seconds"] + found["held_out_seconds"] == pytest.approx(ROLLOUTS * SECONDS)
    text = capsys.readouterr().out
    assert f"{recorded}: {ROLLOUTS * SECONDS:.1f} s of motion, left out: nothing" in text
    assert "The model is fit for MPC: after 0.2 s it is typically off by" in text
    assert "position errors on motion held out in mrad" in text


def test_when_a_fit_is_told_of_expect_numbers_of_the_motion_held_out(recorded, robot, tmp_path):
    fit.run(parse(recorded, "--json", "fit.json", "--output", "arm.safetensors", "--seed", 7))
    found = json.loads((tmp_path / "fit.json").read_text())
    model, _ = load_model("arm.safetensors", robot)
    data = load_transitions(recorded / TRANSITIONS)
    numbers = [one["rollout"] - 1 for one in found["rollouts"]]
    assert [one["source"] for one in found["rollouts"]] == [data.sources[k] for k in numbers]
    aside = data.where(np.isin(data.rollouts, numbers))
    assert found["held_out_seconds"] == pytest.approx(aside.seconds)
    again = foretell(model, at_step(aside, model.dt, overlap=False))
    assert np.allclose(found["errors"][fit_plot.MODEL], again.errors, rtol=1e-6)
    worst = {k + 1: value for k, value in again.by_rollout.items()}
    told = {one["rollout"]: one["error"] for one in found["rollouts"]}
    assert told == pytest.approx(worst, rel=1e-6)


def test_when_matplotlib_is_there_expect_a_picture_beside_the_model(recorded, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    assert fit.run(parse(recorded)) == 0
    folder = run_folder(tmp_path)
    assert {path.name for path in folder.iterdir()} == {fit.MODEL_FILE, fit.PICTURE}
    assert f"left runs/{folder.name}/{fit.PICTURE}" in capsys.readouterr().out


def test_when_matplotlib_is_missing_expect_all_but_the_picture(
    recorded, robot, tmp_path, monkeypatch, capsys
):
    def missing(what):
        raise MissingDependencyError("matplotlib", what, "viz")

    monkeypatch.setattr(fit_plot, "matplotlib_parts", missing)
    assert fit.run(parse(recorded)) == 0
    load_model(run_folder(tmp_path) / fit.MODEL_FILE, robot)
    assert "no picture: the picture of a fit needs matplotlib" in capsys.readouterr().out


def test_when_a_network_learns_the_rest_expect_it_in_the_file_and_its_epochs_in_a_log(
    recorded, robot, tmp_path
):
    pytest.importorskip("torch")
    words = ("--fit.residual", "net", "--fit.nets.hidden", 8, "--fit.nets.epochs", 3)
    fit.run(parse(recorded, *words))
    model, _ = load_model(run_folder(tmp_path) / fit.MODEL_FILE, robot)
    assert model.nets.hidden == (8,)
    assert len((run_folder(tmp_path) / "metrics.csv").read_text().splitlines()) == 4


def test_when_interrupted_in_training_expect_the_best_so_far(
    recorded, robot, tmp_path, monkeypatch, capsys
):
    pytest.importorskip("torch")
    follow = Training.on_epoch

    def on_epoch(self, report):
        follow(self, report)
        if report.epoch == 2:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Training, "on_epoch", on_epoch)
    words = ("--fit.residual", "net", "--fit.nets.hidden", 8)
    assert fit.run(parse(recorded, *words)) in (0, 1)
    assert load_model(run_folder(tmp_path) / fit.MODEL_FILE, robot)[0].nets is not None
    assert "training stopped after epoch 2; the best is kept" in capsys.readouterr().out


def test_when_a_gaussian_process_learns_the_rest_expect_it_kept_and_its_limits_told(
    recorded, robot, tmp_path, capsys
):
    pytest.importorskip("gpytorch")
    data = load_transitions(recorded / TRANSITIONS).strided(4, overlap=False)
    few = data.where(np.arange(data.size) % 125 < 40)
    save_transitions("few.safetensors", few)
    words = ("--fit.residual", "gp", "--fit.least_seconds", 1)
    assert fit.run(parse("few.safetensors", *words)) == 0
    model, _ = load_model(run_folder(tmp_path) / fit.MODEL_FILE, robot)
    assert model.kind == "rigid + GaussianProcess"
    assert "take networks only, not a Gaussian process" in capsys.readouterr().out


def test_when_the_model_is_worse_than_none_expect_it_saved_and_exit_code_1(
    recorded, robot, tmp_path, capsys
):
    data = load_transitions(recorded / TRANSITIONS)
    # Efforts that no arm would answer with this motion.
    save_transitions(tmp_path / "odd.safetensors", replace(data, controls=-3.0 * data.controls))
    assert fit.run(parse("odd.safetensors", "--fit.base", "nominal")) == 1
    model, about = load_model(run_folder(tmp_path) / fit.MODEL_FILE, robot)
    assert model.kind == "rigid"
    assert not about["verdict"]["usable"]
    text = capsys.readouterr().out
    why = r"after 0\.2 s .*no model at all by|its predictions diverge"
    assert re.search(f"The model is not fit for MPC: ({why})", text)


def test_when_input_is_bad_expect_what_and_why_and_nothing_left_behind(recorded, tmp_path):
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes((recorded / TRANSITIONS).read_bytes()[:-50])
    for words, kind, problem in (
        ((recorded, "--robot", "panda"), DataError, "it lacks panda_joint1"),
        ((recorded, "--robot", "planar"), UnknownNameError, "did you mean 'planar2'"),
        ((cut,), DataError, "cut or changed"),
        ((recorded, "--fit.least_seconds", 60), DataError, "at least 60 s are needed"),
        ((recorded, "--fit.base", "none"), ConfigError, "none, with a residual of none"),
        ((recorded, "--fit.base", "rigid"), ConfigError, r"--fit\.base.*base: found 'rigid'"),
        ((recorded, "--fit.dt", 0.013), DataError, r"do not make steps of 0\.013 s"),
        ((recorded, "--seed", -1), ConfigError, "--seed: found -1"),
        ((recorded, "--output", "no/arm.safetensors"), ConfigError, "--output: cannot write"),
        ((recorded, "--json", "no/fit.json"), ConfigError, "--json: cannot write"),
    ):
        with pytest.raises(kind, match=problem):
            fit.run(parse(*words))
    assert list(tmp_path.iterdir()) == [cut]


def test_when_a_joint_never_moves_expect_it_named(recorded, robot):
    data = load_transitions(recorded / TRANSITIONS)
    data.states[:, 1] = data.next_states[:, 1] = 0.3
    save_transitions("still.safetensors", data)
    with pytest.raises(DataError, match=r"joint\(s\) elbow moved by less"):
        fit.run(parse("still.safetensors"))


def test_when_windows_are_foretold_expect_the_model_stepped_along_their_efforts(robot):
    model = rigid_model(Mechanics(robot), 0.02)
    data = at_step(moved(robot, 0.0, seed=3, rollouts=1), 0.02, overlap=False)
    starts = np.array([3, 60])
    found = foretold(model, data, starts, 4)
    assert found.shape == (2, 5, 4)
    for row, start in zip(found, starts, strict=True):
        x = data.states[start : start + 1]
        for step in range(4):
            assert np.allclose(row[step], x[0], atol=1e-12)
            x = model.step(x, data.controls[start + step : start + step + 1])
        assert np.allclose(row[4], x[0], atol=1e-12)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (0.0012345, "0.00123"), (0.5, "0.500"), (1.0, "1.00"), (99.96, "100.0"),
        (12345.6, "12346"), (np.inf, "inf"),
    ],
)  # fmt: skip
def test_when_figures_are_shown_expect_three_of_them_and_no_exponent(value, text):
    assert figures(value) == text
