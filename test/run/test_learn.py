"""Learning from motion to reaching: repeatable, resumable, and honest about what it knows."""

import argparse
import json
from dataclasses import replace

import numpy as np
import pytest

from rl_control.cli import main
from rl_control.control.excite_settings import THOROUGH, ExcitationConfig
from rl_control.control.sampling_settings import SearchConfig
from rl_control.data.claim import Claim
from rl_control.data.runs.log import read_log
from rl_control.data.transitions import TransitionDataset
from rl_control.errors import ModelError
from rl_control.models.fit import fit_model
from rl_control.models.fit_settings import FitConfig
from rl_control.models.identification_settings import IdentificationConfig
from rl_control.models.learned import rigid_model
from rl_control.models.mechanics import Mechanics
from rl_control.plants.bullet_config import BulletConfig
from rl_control.report.table import console
from rl_control.robot.description import load_robot
from rl_control.robot.settings import load_settings
from rl_control.run import learn as verb
from rl_control.run import learn_loop
from rl_control.run.learn_arm import LearningArm, simulated
from rl_control.run.learn_loop import learn
from rl_control.run.learn_run import LearnRun, Version, resume
from rl_control.run.learn_settings import LearnConfig

ROBOT = load_robot("planar2")
CONFIG = LearnConfig(
    rollouts=2, rollout_seconds=3.0, episodes=2, episode_seconds=1.0, refit_every=1
)
PLANT = BulletConfig(payload=1.0, damping=(0.5,), friction=(0.5,))


class Stopped(Exception):
    """Stands for a process that was ended."""


def make_arm(robot=ROBOT, config=CONFIG):
    return LearningArm(robot, load_settings("planar2"), simulated(ROBOT, PLANT), config)


def learned(folder, config=CONFIG, robot=ROBOT, seed=3, stop_after=None):
    """A run to its end, or up to its `stop_after`-th message."""
    folder.mkdir(exist_ok=True)
    heard = []

    def tell(line):
        heard.append(line)
        if len(heard) == stop_after:
            raise Stopped

    arm = make_arm(robot, config)
    try:
        state = (
            resume(folder)
            if (folder / "state.json").exists()
            else LearnRun(folder, seed, {}, TransitionDataset.empty(ROBOT.names, 0.005))
        )
        return learn(arm, state, config, tell), heard
    finally:
        arm.close()


def same(one, other):
    return (
        one.data.digest == other.data.digest
        and one.versions == other.versions
        and one.episodes == other.episodes
        and one.current == other.current
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An uninterrupted run, and what it said."""
    return learned(tmp_path_factory.mktemp("whole"))


def test_when_a_run_ends_expect_all_motion_kept_and_a_better_model_than_the_description(whole):
    run, _ = whole
    assert run.data.seconds == pytest.approx(8.0, abs=0.05)
    assert len(run.data.sources) == 4
    assert run.current >= 1
    model = run.model(ROBOT)
    friction = [joint.friction for joint in model.mechanics.robot.joints]
    assert np.allclose(friction, 0.5, atol=0.1)
    assert run.episodes[-1].final_error_m < 0.005


def test_when_the_seed_is_the_same_expect_the_same_run(whole, tmp_path):
    again, _ = learned(tmp_path / "again")
    assert same(again, whole[0])
    other, _ = learned(tmp_path / "other", seed=4)
    assert not same(other, whole[0])


def test_when_a_run_is_stopped_anywhere_expect_resuming_to_equal_the_whole(whole, tmp_path):
    for stop_after in range(1, len(whole[1]) + 1):
        folder = tmp_path / f"stop{stop_after}"
        with pytest.raises(Stopped):
            learned(folder, stop_after=stop_after)
        if (folder / "state.json").exists():  # the first message comes after the first save
            assert same(learned(folder)[0], whole[0])


def test_when_plans_are_sampled_expect_a_stopped_run_to_equal_the_whole(tmp_path):
    search = SearchConfig(samples=30, horizon=15, iterations=1)
    config = replace(CONFIG, rollouts=1, episode_seconds=0.5, planner="icem", sampling=search)
    run, heard = learned(tmp_path / "run", config)
    assert heard[2].startswith("episode 1")
    with pytest.raises(Stopped):
        learned(tmp_path / "again", config, stop_after=3)
    assert same(learned(tmp_path / "again", config)[0], run)
    other = replace(config, sampling=replace(search, seed=1))
    assert not same(learned(tmp_path / "other", other)[0], run)


def test_when_nothing_is_known_expect_the_descriptions_masses_to_make_no_difference(tmp_path):
    config = replace(CONFIG, episodes=1, episode_seconds=2.0, fit=FitConfig(known=False))
    wrong = replace(
        ROBOT,
        joints=tuple(
            replace(
                joint, damping=9.0, friction=9.0,
                inertia=replace(
                    joint.inertia, mass=9.0 * joint.inertia.mass,
                    matrix=9.0 * joint.inertia.matrix, com=joint.inertia.com + 0.2,
                ),
            )
            for joint in ROBOT.joints
        ),
    )  # fmt: skip
    right, _ = learned(tmp_path / "right", config)
    misled, _ = learned(tmp_path / "wrong", config, robot=wrong)
    assert same(right, misled)
    assert right.episodes[-1].final_error_m < 0.005


def test_when_episodes_end_farther_off_expect_the_version_before_back(tmp_path):
    model = rigid_model(Mechanics(ROBOT), 0.02)
    from rl_control.run.learn_run import Episode

    run = LearnRun(tmp_path, 0, {}, TransitionDataset.empty(ROBOT.names, 0.005))
    run = run.with_version(Version(1, 5.0, 0.01, True, "first"), model)
    run = run.with_version(Version(2, 9.0, 0.01, True, "second"), model)
    run = replace(run, episodes=(Episode(1, 0.004), Episode(2, 0.05)))
    arm = make_arm()
    told = []
    try:
        found = learn_loop.give_up_if_worse(arm, run, CONFIG, told.append)
        assert found.current == 1
        assert "back to version 1: episodes ended 50.0 mm off, 5.0 mm under version 1" in told
        assert [version.believed for version in found.versions] == [True, False]
        # Within the tolerance nothing is compared.
        fine = replace(run, episodes=(Episode(1, 0.0001), Episode(2, 0.004)))
        assert learn_loop.give_up_if_worse(arm, fine, CONFIG, told.append).current == 2
    finally:
        arm.close()


def doubting(monkeypatch, rejections):
    """Let the first so many fits be rejected."""
    left = [rejections]

    def fit(*args, **kwargs):
        found = fit_model(*args, **kwargs)
        left[0] -= 1
        bad = replace(found.verdict, usable=False, reason="worse than nothing")
        return replace(found, verdict=bad) if left[0] >= 0 else found

    monkeypatch.setattr(learn_loop, "fit_model", fit)


def test_when_the_first_model_is_rejected_expect_one_more_rollout_of_excitation(
    tmp_path, monkeypatch
):
    doubting(monkeypatch, 1)
    with pytest.raises(Stopped):  # after the excitation that follows
        learned(tmp_path / "run", stop_after=4)
    run, heard = learned(tmp_path / "run")
    assert [v.believed for v in run.versions][:2] == [False, True]
    assert len(run.episodes) == CONFIG.episodes
    assert len(run.data.sources) == CONFIG.rollouts + 1 + CONFIG.episodes
    assert len(run.versions) == 1 + 1 + CONFIG.episodes // CONFIG.refit_every
    assert heard[0].startswith("version 2 taken")


def test_when_every_model_is_rejected_expect_an_end_after_twice_the_rollouts(tmp_path, monkeypatch):
    doubting(monkeypatch, 99)
    with pytest.raises(ModelError, match="worse than nothing"):
        learned(tmp_path / "run")
    run = resume(tmp_path / "run")
    assert len(run.data.sources) == 2 * CONFIG.rollouts
    assert run.current == 0


@pytest.mark.slow
def test_when_networks_learn_everything_expect_targets_reached(tmp_path):
    words = [
        "learn", "--robot", "planar2", "--from-nothing", "--fit.base", "none",
        "--fit.residual", "ensemble", "--episodes", "4", "--episode_seconds", "5",
        "--targets", "5", "--runs", str(tmp_path / "runs"), "--json", str(tmp_path / "r.json"),
    ]  # fmt: skip
    main(words)
    result = json.loads((tmp_path / "r.json").read_text())
    assert result["motion_s"] < 50.1
    assert result["within"]["10 mm"] == 5


def test_when_networks_are_to_learn_everything_expect_a_thorough_excitation(tmp_path):
    parser = argparse.ArgumentParser()
    verb.add_arguments(parser)

    def excitation(*words):
        args = parser.parse_args(["--robot", "planar2", "--runs", str(tmp_path), *words])
        return verb._state(args, console())[1].excitation

    nets = ("--fit.base", "none", "--fit.residual", "net")
    assert excitation() == ExcitationConfig()
    assert excitation(*nets) == THOROUGH
    asked = excitation(*nets, "--excitation.noise_share", "0.02")
    assert asked == replace(THOROUGH, noise_share=0.02)


def test_when_a_new_model_foretells_the_newest_motion_worse_expect_it_rejected(whole, monkeypatch):
    run, _ = whole
    config = FitConfig(identification=IdentificationConfig(prior=3.0))
    found = fit_model(ROBOT, run.data, config, np.random.default_rng(0))
    nominal = rigid_model(Mechanics(ROBOT), 0.02)
    worse = replace(found, model=nominal)
    newest = run.data.where(run.data.rollouts <= 1)  # motion of the excitation
    believed, reason = learn_loop._believable(worse, found.model, newest, CONFIG)
    assert not believed
    assert "foretells the newest motion worse" in reason
    assert learn_loop._believable(found, nominal, newest, CONFIG)[0]


def test_when_called_as_a_verb_expect_a_run_folder_a_result_and_resuming(tmp_path, capsys):
    words = [
        "learn", "--robot", "planar2", "--payload", "1", "--targets", "2", "--nominal",
        "--runs", str(tmp_path / "runs"), "--json", str(tmp_path / "r.json"),
        "--rollouts", "1", "--rollout_seconds", "4", "--episodes", "0", "--seed", "1",
    ]  # fmt: skip
    assert main(words) == 0
    text = capsys.readouterr().out
    assert "version 1 taken" in text
    assert "planning with the arm as described" in text
    (folder,) = (tmp_path / "runs").iterdir()
    result = json.loads((tmp_path / "r.json").read_text())
    assert result["motion_s"] == pytest.approx(4.0)
    assert result["within"]["5 mm"] == 2
    assert result["nominal"]["error_m"]["p50"] > 2 * result["error_m"]["p50"]
    log = read_log(folder)
    assert sum(one.start for one in log.settings) == 1 + 2  # an excitation, two targets
    assert log.states.stamps[-1] - log.states.stamps[0] > 4e9
    assert [goal.posture.shape for goal in log.goals] == [(2,), (2,)]
    assert (np.diff(log.states.stamps) > 0).all()
    # Only what a planner has decided has reasons.
    costs = log.decisions.numbers("cost")
    assert len(costs) == len(log.commands.stamps)
    assert np.isnan(costs[:800]).all() and np.isfinite(costs[800:]).all()
    assert json.loads((folder / "run.json").read_text())["result"]["reached"] == 2
    assert main(["learn", "--resume", str(folder), "--no-record"]) == 0
    assert not (folder / "bag-2").exists()
    assert "going on after 4.0 s of motion" in capsys.readouterr().out


def test_when_a_run_goes_on_elsewhere_expect_resuming_refused(whole, capsys):
    folder = whole[0].folder
    with Claim(folder):
        assert main(["learn", "--resume", str(folder)]) == 2
    assert "another process learns in it" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--payload", "-1"], "--payload"),
        (["--targets", "-1"], "--targets"),
        (["--resume", "nowhere"], "no learning run there"),
        (["--robot", "planar3"], "did you mean 'planar2'"),
        (["--fit.base", "none", "--robot", "planar2", "--rollouts", "1"], "Choose one of them"),
        (["--fit.residual", "nets"], "fit.residual"),
    ],
)
def test_when_input_is_bad_expect_one_message_and_exit_2(words, message, tmp_path, capsys):
    assert main(["learn", "--runs", str(tmp_path), *words]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert len(said.splitlines()) == 1
