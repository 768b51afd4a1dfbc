"""The video of a policy: how long it is, and what is to be seen in it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("pybullet")
pytest.importorskip("PIL")

from PIL import Image, ImageSequence
from trial_fakes import trials_of

from rl_control.robot.description import load_robot
from rl_control.run.train_film import FPS, HEIGHT, MOST, REST, SHOWN, film_policy, shots_of
from rl_control.run.trials import Trials
from rl_control.tasks.base import ArmTask
from rl_control.tasks.catalog import make_task

OWN = Path(__file__).resolve().parents[2] / "examples" / "own_task.py"


def frames_of(path: Path) -> list[np.ndarray]:
    """The pictures as they are seen: Pillow stores what stands still once, with its duration."""
    seen = []
    with Image.open(path) as video:
        for frame in ImageSequence.Iterator(video):
            count = round(frame.info["duration"] * FPS / 1000.0)
            seen += [np.asarray(frame.convert("RGB")).astype(int)] * count
    return seen


def film(task: ArmTask, trials: Trials, folder: Path) -> list[np.ndarray]:
    return frames_of(film_policy(task, trials, "a policy", folder / "policy.gif"))


def red(frame: np.ndarray) -> np.ndarray:
    return (frame[..., 0] > 90) & (frame[..., 1:].max(axis=2) < 0.4 * frame[..., 0])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0.01, 600.0), min_size=1, max_size=SHOWN))
def test_when_trials_are_cut_into_pictures_expect_each_from_begin_to_end_and_no_more_than_allowed(
    lengths: list[float],
) -> None:
    shots = shots_of(lengths)
    assert len(shots) <= MOST + 2 * len(lengths)
    for number, length in enumerate(lengths):
        own = [shot for shot in shots if shot.trial == number]
        times = [shot.time for shot in own]
        assert times[0] == 0.0 and times[-1] == length
        assert all(early < late for early, late in pairwise(times))
        assert [shot.last for shot in own] == [False] * (len(own) - 1) + [True]
    assert [shot.trial for shot in shots] == sorted(shot.trial for shot in shots)


def test_when_trials_are_short_expect_them_at_the_speed_they_had() -> None:
    times = [shot.time for shot in shots_of([1.0, 0.25]) if shot.trial == 0]
    np.testing.assert_allclose(np.diff(times), 1.0 / FPS)


def test_when_a_policy_is_filmed_expect_its_first_trials_one_after_the_other(
    tmp_path: Path,
) -> None:
    task = make_task("reach", load_robot("planar2"), {"duration": 0.5, "spread": 0.1})
    trials = trials_of(task, SHOWN + 1)
    frames = film(task, trials, tmp_path)
    assert len(frames) == SHOWN * (round(0.5 * FPS) + REST)
    assert {frame.shape for frame in frames} == {frames[0].shape}
    high = frames[0].shape[0] - HEIGHT
    # The ball stands still while a trial lasts and is somewhere else in the next.
    each = len(frames) // SHOWN
    starts = [frames[k * each][high:] for k in range(SHOWN)]
    for one, other in pairwise(starts):
        assert red(one).sum() > 30
        assert (red(one) & red(other)).sum() < 0.5 * red(one).sum()
    # The words tell how it ended: green for a success, red for a failure.
    ends = [frames[(k + 1) * each - 1][:high] for k in range(SHOWN)]
    for good, end in zip(trials.succeeded[:SHOWN], ends, strict=True):
        green = (end[..., 1] > end[..., 0] + 60).sum()
        assert (green > 20, red(end).sum() > 20) == (good, not good)


def test_when_the_arm_moves_otherwise_expect_another_video(tmp_path: Path) -> None:
    task = make_task("reach", load_robot("planar2"), {"duration": 0.3})
    whole = film(task, trials_of(task, 1), tmp_path)
    half = film(task, trials_of(task, 1, 0.5), tmp_path)
    assert len(whole) == len(half)
    assert any((one.shape != other.shape) or (one != other).any()
               for one, other in zip(whole, half, strict=True))  # fmt: skip


def test_when_there_is_a_hole_expect_it_once_more_from_near(tmp_path: Path) -> None:
    task = make_task("insert", load_robot("iiwa7+peg"), {"duration": 0.2})
    trials = trials_of(task, 2)
    frames = film(task, trials, tmp_path)
    assert frames[0].shape[1] > 1.9 * HEIGHT
    blue = (frames[0][..., 2] > frames[0][..., 0] + 50)[:, -HEIGHT:]
    assert blue.mean() > 0.05
    bare = replace(trials, conditions=tuple(replace(c, scene={}) for c in trials.conditions))
    assert film(task, bare, tmp_path)[0].shape[1] < 1.5 * HEIGHT


@pytest.mark.parametrize("name", ["track", "reach_pose", f"{OWN}:Line"])
def test_when_the_task_is_another_expect_a_video_as_well(name: str, tmp_path: Path) -> None:
    task = make_task(name, load_robot("arm7"), {"duration": 0.2})
    frames = film(task, trials_of(task, 1), tmp_path)
    assert len(frames) == round(0.2 * FPS) + REST
    assert (frames[0] != frames[-1]).any()
