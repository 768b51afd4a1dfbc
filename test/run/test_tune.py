"""`rl_control tune`, on a real simulated arm."""

import json

import numpy as np
import pytest

pytest.importorskip("pybullet")
pytest.importorskip("optuna")

from rl_control.cli import main
from rl_control.errors import ConfigError
from rl_control.plants.bullet_config import BulletConfig
from rl_control.run.rig import make_rig
from rl_control.run.rig_settings import from_file, retuned
from rl_control.run.tune_files import Asked
from rl_control.run.tune_run import TuneRun, bag_goals
from rl_control.run.tune_score import cost_of, judge_episode, mean_episode, run_episode

DETUNED = """\
mpc_controller:
  ros__parameters:
    plan_rate: 5.0
    task:
      time_limit: 1.5
      weights: {posture: [1.0], velocity: [6.0]}
"""


@pytest.fixture(scope="module")
def rig():
    made = make_rig("planar2")
    yield made
    made.close()


@pytest.fixture
def params(tmp_path):
    path = tmp_path / "detuned.yaml"
    path.write_text(DETUNED)
    return path


def goal_of(rig, offset=0.3):
    return rig.goal(rig.model.tip(rig.robot.home + offset).position)


def test_when_settings_are_exchanged_on_a_rig_expect_the_episode_of_one_built_so(rig, params):
    other = retuned(rig, from_file(params, rig.config))
    goal = goal_of(rig)
    before = run_episode(retuned(rig, rig.config), goal)
    changed = run_episode(retuned(other, other.config), goal)
    assert changed.settle_time > 1.3 * before.settle_time
    again = run_episode(retuned(rig, rig.config), goal)
    assert again.settle_time == pytest.approx(before.settle_time, abs=0.02)
    assert again.tracking_error == pytest.approx(before.tracking_error, rel=0.02)


def test_when_an_episode_ends_well_expect_figures_between_nothing_and_the_time_limit(rig):
    episode = run_episode(rig, goal_of(rig))
    assert episode.reached and episode.sound
    for figure in (episode.settle_time, episode.tracking_error, episode.effort):
        assert 0.0 < figure < rig.task.time_limit
    assert cost_of(episode, "combined", episode) == pytest.approx(1.0)


def test_when_a_target_is_missed_expect_the_time_limit_and_more_the_further_away(rig):
    goal, limit = goal_of(rig), rig.task.time_limit
    trajectory, _ = rig.reach(goal)
    near = judge_episode(rig, goal, trajectory, None)
    far = judge_episode(rig, goal_of(rig, -0.6), trajectory, None)
    for name in ("settle_time", "tracking_error", "effort"):
        assert limit < getattr(near, name)
    assert near.settle_time < far.settle_time <= 2.0 * limit
    assert not near.reached


def test_when_a_limit_is_left_expect_the_worst_of_all(rig):
    from dataclasses import replace

    goal = goal_of(rig)
    trajectory, settled = rig.reach(goal)
    states = trajectory.states.copy()
    states[3, 2] = 1.01 * rig.robot.limits.velocity[0]
    broken = judge_episode(rig, goal, replace(trajectory, states=states), settled)
    worst = 2.0 * rig.task.time_limit
    assert (broken.settle_time, broken.tracking_error, broken.effort) == (worst, worst, worst)
    assert not (broken.sound or broken.reached)


def test_when_episodes_are_averaged_expect_their_means(rig):
    episodes = [run_episode(rig, goal_of(rig, offset)) for offset in (0.2, 0.4)]
    mean = mean_episode(episodes)
    assert mean.effort == pytest.approx(np.mean([e.effort for e in episodes]))
    assert mean.reached


def asked(**changes):
    plain = {
        "robot": "planar2", "base": "", "tip": "", "payload": None, "damping": None,
        "friction": None, "params": "", "bag": "", "search": (), "objective": "settle_time",
        "episodes": 20, "targets": 2, "held_out": 2, "seed": 0,
    }  # fmt: skip
    return Asked(**{**plain, **changes})


def test_when_the_arm_carries_more_expect_the_controller_not_to_be_told():
    heavy, light = TuneRun(asked(payload=3.0, friction=0.3)), TuneRun(asked())
    try:
        goal = goal_of(light.rig)
        burdened, free = run_episode(heavy.rig, goal), run_episode(light.rig, goal)
        assert burdened.final_error > 3.0 * free.final_error
        assert heavy.start == light.start
    finally:
        heavy.close()
        light.close()


def test_when_a_file_describes_the_arm_expect_it_simulated_and_flags_on_top(tmp_path):
    path = tmp_path / "late.yaml"
    path.write_text(
        "arm_sim:\n  ros__parameters:\n    rate: 100.0\n"
        "    plant: {command_latency: 0.02, payload: 3.0, friction: [0.2]}\n"
    )
    run = TuneRun(asked(params=str(path), payload=1.0))
    try:
        expected = BulletConfig(command_latency=0.02, payload=1.0, friction=(0.2,))
        assert run.arm == expected
        assert run.arm_values() == {
            "plant.command_latency": 0.02, "plant.payload": 1.0, "plant.friction": (0.2,),
        }  # fmt: skip
    finally:
        run.close()


def test_when_the_arm_of_the_file_is_late_expect_a_controller_that_knows_to_do_better(tmp_path):
    path = tmp_path / "late.yaml"
    path.write_text("arm_sim:\n  ros__parameters:\n    plant: {command_latency: 0.02}\n")
    run = TuneRun(asked(params=str(path), search=("mpc.actuation_delay",)))
    try:
        unknown = mean_episode(run.held_out({"mpc.actuation_delay": 0.0}))
        known = mean_episode(run.held_out({"mpc.actuation_delay": 0.02}))
    finally:
        run.close()
    assert known.effort < 0.7 * unknown.effort


def test_when_a_file_describes_the_arm_wrongly_expect_its_line(tmp_path):
    path = tmp_path / "late.yaml"
    path.write_text("arm_sim:\n  ros__parameters:\n    plant: {command_latncy: 0.02}\n")
    with pytest.raises(ConfigError, match=r"late.yaml:3: plant.command_latncy.*command_latency"):
        TuneRun(asked(params=str(path)))


@pytest.mark.slow
def test_when_a_detuned_controller_is_tuned_expect_a_gain_and_files_that_keep_it(
    tmp_path, params, capsys
):
    words = ["tune", "--robot", "planar2", "--params", str(params), "--runs", str(tmp_path)]
    assert main([*words, "--episodes", "30", "--targets", "3", "--held-out", "6"]) == 0
    (folder,) = tmp_path.glob("tune-*")
    assert {"best.yaml", "trials.csv", "tune.png", "run.json"} <= {p.name for p in folder.iterdir()}
    result = json.loads((folder / "run.json").read_text())["result"]
    assert result["episodes"] <= 30
    assert result["held_out"]["gain"] > 0.2
    assert result["held_out"]["after"]["reached"] >= result["held_out"]["before"]["reached"]
    assert "less; reached" in capsys.readouterr().out
    for file, name in ((params, "before"), (folder / "best.yaml", "after")):
        json_file = tmp_path / f"{name}.json"
        reach = ["reach", "--robot", "planar2", "--params", str(file), "--targets", "6"]
        main([*reach, "--no-record", "--json", str(json_file)])
    before, after = (
        json.loads((tmp_path / f"{name}.json").read_text())["settle_time_s"]["p50"]
        for name in ("before", "after")
    )
    assert after < before
    # Going on where nothing is left to do compares again, to the same result.
    assert main(["tune", "--resume", str(folder)]) == 0
    again = json.loads((folder / "run.json").read_text())["result"]
    assert again["numbers"] == result["numbers"]


@pytest.mark.slow
def test_when_goals_come_from_a_bag_expect_them_as_targets(tmp_path):
    pytest.importorskip("rosbags")
    assert main(["reach", "--robot", "planar2", "--targets", "5", "--runs", str(tmp_path)]) == 0
    (folder,) = tmp_path.glob("reach-*")
    run = TuneRun(asked(bag=str(folder)))
    try:
        goals = bag_goals(folder, run.rig)
        assert len(goals) == 5
        ours = [run.rig.goal(goal.position).position for goal in run._goals]
        assert all(min(np.linalg.norm(p - g.position) for g in goals) < 1e-6 for p in ours)
    finally:
        run.close()


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--episodes", "2"], "fewer than the 4 targets"),
        (["--targets", "0"], "--targets: found 0"),
        (["--held-out", "1"], "--held-out: found 1"),
        (["--search", "mpc.horizon"], "unknown setting to search 'mpc.horizon'"),
        (["--resume", "nowhere"], "cannot be read"),
        (["--params", "nowhere.yaml"], "No such file"),
    ],
)
def test_when_the_search_makes_no_sense_expect_exit_2_and_no_folder(
    tmp_path, words, problem, capsys
):
    assert main(["tune", "--robot", "planar2", "--runs", str(tmp_path), *words]) == 2
    assert problem in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
