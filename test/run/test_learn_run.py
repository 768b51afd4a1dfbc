"""A learning run on disk: what is written last tells the truth, whatever was cut off."""

import json
from dataclasses import replace

import numpy as np
import pytest

from rl_control.data.store import save_transitions
from rl_control.data.transitions import TransitionDataset
from rl_control.errors import DataError
from rl_control.models.learned import rigid_model
from rl_control.models.mechanics import Mechanics
from rl_control.robot.description import load_robot
from rl_control.run.learn_run import DATA, STATE, Episode, LearnRun, Version, resume
from rl_control.types import Trajectory

ROBOT = load_robot("planar2")


def rollout(seed=0, steps=5):
    rng = np.random.default_rng(seed)
    return TransitionDataset.of(
        Trajectory(
            ROBOT.names,
            0.005 * np.arange(steps + 1),
            rng.normal(size=(steps + 1, 4)),
            rng.normal(size=(steps, 2)),
        ),
        0.005,
        f"rollout {seed}",
    )


@pytest.fixture
def fresh(tmp_path):
    return LearnRun(tmp_path, 7, {"robot": "planar2"}, TransitionDataset.empty(ROBOT.names, 0.005))


def version(number, believed=True):
    return Version(number, 10.0 * number, 0.01, believed, "because")


def test_when_a_run_is_resumed_expect_it_as_it_was(fresh):
    model = rigid_model(Mechanics(ROBOT), 0.02)
    run = fresh.with_motion(rollout(0)).with_version(version(1), model)
    run = run.with_motion(rollout(1), Episode(1, 0.003)).with_version(version(2, False), model)
    found = resume(run.folder)
    assert found == replace(run, data=found.data)
    assert found.data.digest == run.data.digest
    assert found.current == 1
    assert not run.model_path(2).exists()
    assert found.model(ROBOT).names == ROBOT.names


def test_when_a_rollout_was_saved_but_not_told_of_expect_it_dropped(fresh):
    run = fresh.with_motion(rollout(0))
    save_transitions(run.folder / DATA, run.data.join(rollout(1)))
    assert resume(run.folder).data.digest == run.data.digest


def test_when_a_version_is_given_up_expect_the_older_one_in_use_and_the_reason_kept(fresh):
    model = rigid_model(Mechanics(ROBOT), 0.02)
    run = fresh.with_motion(rollout()).with_version(version(1), model)
    run = run.with_version(version(2), model).back_to(1, "it was worse")
    found = resume(run.folder)
    assert found.current == 1
    assert [(v.believed, v.reason) for v in found.versions] == [
        (True, "because"), (False, "it was worse"),
    ]  # fmt: skip


def test_when_draws_are_asked_for_again_expect_the_same_and_others_for_another_use(fresh):
    first, again = (fresh.rng(0, 3).random(4) for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, fresh.rng(1, 3).random(4))
    assert not np.array_equal(first, replace(fresh, seed=8).rng(0, 3).random(4))


def test_when_there_is_no_run_or_a_wrong_one_expect_one_message(fresh, tmp_path):
    with pytest.raises(DataError, match="no learning run there"):
        resume(tmp_path / "nowhere")
    run = fresh.with_motion(rollout())
    state = json.loads((run.folder / STATE).read_text())
    (run.folder / STATE).write_text(json.dumps({**state, "versions": [{"what": 1}]}))
    with pytest.raises(DataError, match="not the state of a learning run"):
        resume(run.folder)
    (run.folder / STATE).write_text("{")
    with pytest.raises(DataError, match="not the state of a learning run"):
        resume(run.folder)
