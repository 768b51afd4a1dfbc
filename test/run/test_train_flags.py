"""Flags become settings, settings become plain values, and back."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import pytest

from rl_control.errors import ConfigError, DataError, UnknownNameError
from rl_control.plants.bullet_config import BulletConfig
from rl_control.run.episodes import usual_cost
from rl_control.run.train_flags import (
    add_ros_flags,
    add_train_flags,
    asked,
    refuse_simulation_flags,
)
from rl_control.run.train_settings import (
    METHODS,
    Method,
    TrainConfig,
    TrainSettings,
    as_plain,
    differences,
    of_plain,
)

ROOT = Path(__file__).resolve().parents[2]


def settings_of(*words: str, base: TrainSettings | None = None) -> TrainSettings:
    parser = argparse.ArgumentParser()
    add_train_flags(parser)
    return asked(parser.parse_args(words), base)


def test_when_nothing_is_said_expect_the_usual_of_robot_and_method() -> None:
    settings = settings_of("reach", "--robot", "arm7", "--method", "guided")
    assert settings.cost == usual_cost("arm7", "reach")
    assert settings.how == METHODS["guided"].config
    settings = settings_of("reach", "--robot", "arm7")
    usual = usual_cost("arm7", "reach").weights
    assert settings.weights == replace(usual, posture=(1.0,), velocity=(2.0,))
    assert settings.terminal.tip_position == settings.terminal.posture == 20.0
    assert settings_of("insert", "--robot", "iiwa7+peg").cost == usual_cost("iiwa7+peg", "insert")
    assert (settings.method, settings.seed, settings.from_nothing) == ("mdgps", 0, False)
    assert settings.plant == BulletConfig() and settings.how == METHODS["mdgps"].config


def test_when_flags_are_given_expect_each_where_it_belongs() -> None:
    settings = settings_of(
        *("track", "--robot", "planar2", "--seed", "3", "--from-nothing", "--payload", "1.5"),
        *("--friction", "0.5", "--episode", "period=2", "plane=xz", "duration=4"),
        *("--train.conditions", "4", "--weights.posture", "1", "2", "--terminal.posture", "20"),
        *("--mdgps.samples", "3", "--mdgps.policy.hidden", "32", "32"),
    )
    assert settings.episode == {"period": 2.0, "plane": "xz", "duration": 4.0}
    assert settings.plant == BulletConfig(payload=1.5, friction=(0.5,))
    assert settings.weights.posture == (1.0, 2.0) and settings.terminal.posture == 20.0
    assert settings.train == TrainConfig(conditions=4)
    assert settings.how.samples == 3 and settings.how.policy.hidden == (32, 32)
    spec = settings.spec
    assert not spec.known and spec.cost is not None and spec.cost.terminal == settings.terminal


@pytest.mark.parametrize(("text", "value"), [("0.1,0.2,0.3", (0.1, 0.2, 0.3)), ("0.5", (0.5,))])
def test_when_a_setting_of_the_task_is_a_list_expect_one(text: str, value: object) -> None:
    assert settings_of("reach", "--episode", f"target={text}").episode == {"target": value}


def test_when_settings_are_kept_as_json_expect_the_same_back() -> None:
    settings = settings_of("insert", "--robot", "iiwa7+peg", "--episode", "positions=0.1,0,-0.1,0")
    kept = json.loads(json.dumps(as_plain(settings)))
    assert of_plain(kept, "config.json") == settings
    assert differences(settings, of_plain(kept, "config.json")) == []


def test_when_a_run_goes_on_expect_its_settings_where_no_flag_says_otherwise() -> None:
    run = settings_of("track", "--seed", "3", "--payload", "2", "--mdgps.samples", "4")
    assert settings_of(base=run) == run
    assert settings_of("--seed", "3", "--payload", "2", base=run) == run
    other = settings_of("--seed", "4", "--mdgps.samples", "5", "--payload", "0", base=run)
    assert differences(run, other) == [
        "seed: 3, 4",
        "plant.payload: 2.0, 0.0",
        "mdgps.samples: 4, 5",
    ]


def test_when_a_task_of_ones_own_is_named_expect_its_whole_path(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT / "examples")
    assert settings_of("own_task.py:Line").task == f"{ROOT}/examples/own_task.py:Line"


def test_when_a_setting_of_the_task_is_unknown_expect_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'duration'"):
        settings_of("reach", "--episode", "durration=3")


def test_when_a_value_is_not_allowed_expect_its_flag_named() -> None:
    with pytest.raises(ConfigError, match=r"--mdgps\.samples"):
        settings_of("reach", "--mdgps.samples", "0")
    with pytest.raises(ConfigError, match=r"--episode\.duration"):
        settings_of("reach", "--episode", "duration=-1")


def test_when_a_flag_is_of_another_method_expect_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    other = Method("another one", TrainConfig(every=7), METHODS["mdgps"].trainer)
    monkeypatch.setitem(METHODS, "other", other)  # type: ignore[arg-type]
    parser = argparse.ArgumentParser()
    add_train_flags(parser)
    with pytest.raises(ConfigError, match="a setting of --method mdgps, and other was asked for"):
        asked(parser.parse_args(["reach", "--method", "other", "--mdgps.samples", "3"]))
    found = asked(parser.parse_args(["reach", "--method", "other", "--other.trials", "3"]))
    assert found.how == TrainConfig(trials=3, every=7)
    help_text = " ".join(parser.format_help().split())
    assert "iterations between two such tries (1..10000; default 7)" in help_text


def test_when_kept_settings_lack_something_expect_it_named() -> None:
    kept = as_plain(TrainSettings())
    del kept["robot"]
    with pytest.raises(DataError, match="lacks robot"):
        of_plain(kept, "config.json")
    with pytest.raises(UnknownNameError, match="unknown method 'magic'"):
        of_plain({**as_plain(TrainSettings()), "method": "magic"}, "config.json")


def test_when_a_rate_is_given_expect_the_period_of_the_arm() -> None:
    settings = settings_of("reach", "--rate", "500")
    assert settings.plant.period == pytest.approx(0.002)
    assert of_plain(as_plain(settings), "here") == settings
    assert settings_of(base=settings).plant.period == settings.plant.period
    for rate in ("0", "-200", "nan", "1e6"):
        with pytest.raises(ConfigError, match="--rate"):
            settings_of("reach", "--rate", rate)


@pytest.mark.parametrize("flag", ["workers", "payload", "damping", "friction"])
def test_when_an_arm_is_not_simulated_here_expect_flags_of_a_simulation_refused(flag: str) -> None:
    parser = argparse.ArgumentParser()
    add_train_flags(parser)
    add_ros_flags(parser)
    parser.add_argument("--workers")
    args = parser.parse_args(["reach", "--ros", "--rate", "100"])
    refuse_simulation_flags(args)
    assert (args.state_topic, args.command_topic) == ("joint_states", "effort_controller/commands")
    args = parser.parse_args(["reach", "--ros", f"--{flag}", "1"])
    with pytest.raises(ConfigError, match=f"--{flag}: with --ros"):
        refuse_simulation_flags(args)
