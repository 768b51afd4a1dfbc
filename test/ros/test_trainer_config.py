"""Parameters of gps_trainer as words of `rl_control train`."""

from dataclasses import replace

import pytest

from rl_control.config import flatten, load
from rl_control.errors import ConfigError, UnknownNameError
from rl_control.paths import data_dir
from rl_control.ros.arm_sim_node import ArmSimConfig
from rl_control.ros.plant_config import RosPlantConfig
from rl_control.ros.trainer_config import TrainerConfig, arguments
from rl_control.run.train_flags import asked
from rl_control.run.train_settings import TrainSettings


def settings_of(*settings, **changes):
    return asked(arguments(replace(TrainerConfig(), settings=settings, **changes)))


def test_when_nothing_is_given_expect_what_the_verb_does_without_flags():
    settings = settings_of()
    assert (settings.task, settings.robot, settings.method) == ("reach", "iiwa7", "mdgps")
    assert settings.plant.period == RosPlantConfig().period
    assert arguments(TrainerConfig()).ros


def test_when_settings_are_given_expect_those_of_task_and_method():
    settings = settings_of(
        *("episode.duration=1.5", "episode.target=0.3,0,0.5", "mdgps.samples=3"),
        *("mdgps.policy.hidden=8,9", "weights.posture=0.25", "train.trials=2"),
        "mdgps.initial.gravity=false",
        robot="planar2",
        seed=4,
        rate=100.0,
        from_nothing=True,
    )
    assert settings.episode == {"duration": 1.5, "target": (0.3, 0.0, 0.5)}
    assert (settings.how.samples, settings.how.policy.hidden) == (3, (8, 9))
    assert not settings.how.initial.gravity and TrainSettings().how.initial.gravity
    assert (settings.weights.posture, settings.train.trials) == ((0.25,), 2)
    assert (settings.robot, settings.seed, settings.from_nothing) == ("planar2", 4, True)
    assert settings.plant.period == pytest.approx(0.01)


def test_when_the_folder_holds_a_run_expect_it_gone_on_with(tmp_path):
    config = TrainerConfig(folder=str(tmp_path))
    assert arguments(config).resume is None
    (tmp_path / "config.json").write_text("{}")
    assert arguments(config).resume == ""
    assert arguments(config).out == str(tmp_path)


@pytest.mark.parametrize(
    ("text", "error", "hint"),
    [
        ("mdgps.sampels=3", UnknownNameError, "did you mean 'mdgps.samples'"),
        ("workers=3", UnknownNameError, "setting of rl_control train"),
        ("mdgps.samples", ConfigError, "NAME=VALUE"),
        ("mdgps.samples=many", ConfigError, "mdgps.samples"),
        ("mdgps.samples=-1", ConfigError, "range"),
        ("mdgps.initial.gravity=no", ConfigError, "true or false"),
        ("episode.lenght=2", UnknownNameError, "lenght"),
        ("guided.rounds=2", UnknownNameError, "guided"),
    ],
)
def test_when_a_setting_is_wrong_expect_a_named_error(text, error, hint):
    with pytest.raises(error, match=hint):
        settings_of(text)


@pytest.mark.parametrize(("section", "cls"), [("arm_sim", ArmSimConfig), ("gps_trainer", None)])
def test_when_shipped_file_is_loaded_expect_defaults_each_with_a_comment(section, cls):
    cls = cls or TrainerConfig
    path = data_dir("config") / "train_gps.yaml"
    assert flatten(load(cls, path, section=section)) == flatten(cls())
    for line in path.read_text().splitlines():
        if ": " in line and not line.startswith("#"):
            assert "  # " in line, line
