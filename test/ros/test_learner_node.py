"""dynamics_learner over DDS: versions from motion that it hears, and no loss when it is stopped."""

import signal
import time

import numpy as np
import pytest
from moving_arm import DT, PERIOD, ROBOT, model_of, rollouts, run
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray

from rl_control.data.store import load_transitions, save_transitions
from rl_control.models.fit import at_step
from rl_control.models.store import load_model, save_model
from rl_control.ros import convert, qos
from rl_control.ros.model_shelf import DATA, version_path, versions
from rl_control.ros.prediction_monitor import step_errors, times_worse

NODE = "dynamics_learner"
PAUSE = 0.02  # [s] in which messages of 0.1 s of motion are sent


class Player:
    """Plays motion to whoever listens, quicker than it took place."""

    def __init__(self, ros) -> None:
        self.ros = ros
        self.states = ros.talk(JointState, "joint_states", qos.states(depth=1000))
        self.commands = ros.talk(Float64MultiArray, "effort_controller/commands", qos.events(1000))
        self.clock = int(time.time())

    def listened_to(self, listeners=1) -> bool:
        heard = [p.get_subscription_count() for p in (self.states, self.commands)]
        return min(heard) >= listeners

    def play(self, seconds, seed=0) -> None:
        """Motion of an arm that is heavier than described; its stamps go on from the last."""
        states, efforts = run(seconds, seed=seed)
        for k, effort in enumerate(efforts):
            stamp = convert.time_message(self.clock + PERIOD * k)
            q, v = states[k, :2].tolist(), states[k, 2:].tolist()
            message = JointState(name=list(ROBOT.names), position=q, velocity=v)
            message.header.stamp = stamp
            self.states.publish(message)
            self.commands.publish(convert.command_message(effort, convert.stamp_label(stamp)))
            if k % round(0.1 / PERIOD) == 0:
                self.ros.spin(PAUSE)
        self.clock += round(seconds) + 2  # a gap, so that what is played ends here


def start(ros, folder, **more):
    often = {"refit.period": 0.2, "refit.judged": 2.0, "refit.least_new": 3.0, "save_period": 0.5}
    return ros.start(NODE, robot=ROBOT.name, folder=folder, **{**often, **more})


def test_when_an_arm_moves_expect_a_better_model_and_its_figures(ros, tmp_path):
    folder = tmp_path / "models"
    player = Player(ros)
    told = ros.listen(Float64MultiArray, f"{NODE}/prediction", qos.events(100))
    start(ros, folder)
    ros.until(player.listened_to)
    player.play(10.0)
    ros.until(lambda: ros.figure(NODE, "version") >= 1.0)
    model, about = load_model(version_path(folder, 1), ROBOT)
    unseen = at_step(rollouts(2, seed=5), DT)
    ratio = times_worse(step_errors(model, unseen), step_errors(model_of(), unseen))
    assert ratio < 0.1
    assert about["seconds"] == pytest.approx(2.0 * round(about["seconds"] / 2.0))
    # What comes now, no version has seen.
    player.play(6.0, seed=1)
    ros.until(lambda: told and ros.figure(NODE, "judged_version") >= 1.0)
    ros.until(lambda: ros.figure(NODE, "dataset_s") > 13.5)
    report = ros.reports[NODE]
    assert float(report["speed_error"]) < 0.2 * float(report["nominal_speed_error"])
    assert 0.0 <= float(report["coverage_90"]) <= 1.0
    assert int(report["accepted"]) >= 1
    values = np.array(told[-1].data).reshape([d.size for d in told[-1].layout.dim])
    assert values.shape == (1, 2, 4)
    assert told[-1].layout.dim[0].label.startswith("model-000")


def test_when_stopped_or_killed_expect_it_to_go_on_from_its_data(ros, tmp_path):
    folder = tmp_path / "models"
    player = Player(ros)
    learner = start(ros, folder)
    ros.until(player.listened_to)
    player.play(8.0)
    ros.until(lambda: ros.figure(NODE, "dataset_s") > 5.5 and versions(folder))
    learner.signal(signal.SIGINT)
    assert ros.until_ended(learner) == 0
    kept = load_transitions(folder / DATA)
    # The last recording had no end yet when the stop was asked for.
    assert kept.seconds == pytest.approx(8.0, abs=0.2)

    ros.until(lambda: not player.states.get_subscription_count())
    learner = again(ros, player, folder)
    assert ros.figure(NODE, "dataset_s") == pytest.approx(kept.seconds, rel=1e-4)
    assert ros.figure(NODE, "version") >= 1.0
    player.play(6.0, seed=1)
    ros.until(lambda: load_transitions(folder / DATA).seconds > 11.0)
    learner.signal(signal.SIGKILL)
    ros.until_ended(learner)

    grown = load_transitions(folder / DATA)
    assert np.array_equal(grown.states[: kept.size], kept.states)
    count = len(versions(folder))
    # Who was killed has said no farewell, and counts as listening for a while.
    again(ros, player, folder, listeners=2)
    assert ros.figure(NODE, "dataset_s") == pytest.approx(grown.seconds, rel=1e-4)
    # So it may happen that only one of the two topics is heard at first.
    for seed in range(2, 6):
        player.play(8.0, seed=seed)
        if ros.until(lambda: len(versions(folder)) > count, 10.0, must=False):
            break
    assert len(versions(folder)) > count


def again(ros, player, folder, listeners=1):
    """Start the learner on the same folder and wait for its first report."""
    ros.reports.clear()
    learner = start(ros, folder, **{"refit.worse": 10.0})
    ros.until(lambda: NODE in ros.reports and player.listened_to(listeners))
    return learner


def test_when_another_learner_has_the_folder_expect_one_message_and_exit_2(ros, tmp_path):
    first = start(ros, tmp_path / "models")
    ros.until(lambda: NODE in ros.reports)
    second = start(ros, tmp_path / "models")
    assert ros.until_ended(second) == 2
    assert second.output.count("another process learns in it") == 1
    assert "Traceback" not in second.output
    first.signal(signal.SIGKILL)
    third = start(ros, tmp_path / "models")
    ros.until(lambda: "active" in third.output)


def test_when_the_folder_is_of_another_arm_or_step_expect_one_message_and_exit_2(ros, tmp_path):
    for name, words in (("motion", "steps of"), ("model", "a model of joints")):
        folder = tmp_path / name
        folder.mkdir()
        if name == "motion":
            save_transitions(folder / DATA, rollouts(1))
            learner = ros.start(NODE, robot=ROBOT.name, folder=folder, rate=100.0)
        else:
            save_model(version_path(folder, 1), model_of(), {})
            learner = ros.start(NODE, robot="arm7", folder=folder)
        assert ros.until_ended(learner) == 2
        assert words in learner.output
        assert learner.output.count("error:") == 1
        assert "Traceback" not in learner.output


def test_when_no_controller_could_use_the_model_expect_one_message_and_exit_2(ros, tmp_path):
    learner = start(ros, tmp_path, **{"fit.residual": "gp"})
    assert ros.until_ended(learner) == 2
    assert "too slow to plan on" in learner.output
