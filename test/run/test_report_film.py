"""Pictures of the arm for a report."""

from __future__ import annotations

import io

import numpy as np
import pytest

pytest.importorskip("pybullet")
pytest.importorskip("PIL")

from PIL import Image

from rl_control.report.run_sheet import GoalShown, RunSheet
from rl_control.robot.description import load_robot
from rl_control.run.report_film import HEIGHT, MOST, film_of, times_of

ROBOT = load_robot("planar2")


def sheet(goals=()) -> RunSheet:
    times = 0.005 * np.arange(81)
    swing = ROBOT.home + np.linspace(0.0, 1.0, 81)[:, None]
    nothing = np.zeros((0, 2))
    return RunSheet(
        names=ROBOT.names, limits=ROBOT.limits, times=times, positions=swing, velocities=swing,
        efforts=swing, command_times=times[:0], commands=nothing, decision_times=times[:0],
        asked=nothing, solve_times=times[:0], solve_ms=times[:0], costs={}, goals=goals,
    )  # fmt: skip


@pytest.mark.parametrize(("length", "count"), [(0.0, 2), (1.0, 14), (8.0, 101), (600.0, MOST)])
def test_when_a_run_is_long_expect_no_more_pictures_than_are_looked_at(length, count):
    times = times_of((2.0, 2.0 + length))
    assert len(times) == count
    assert (times[0], times[-1]) == pytest.approx((2.0, 2.0 + length))


def test_when_an_arm_is_filmed_expect_it_move_in_pictures_of_one_size():
    seen = []
    film = film_of(ROBOT, sheet(), lambda times: seen.extend(times) or times)
    assert film.times == seen
    pictures = [Image.open(io.BytesIO(image)) for image in film.images]
    assert {picture.height for picture in pictures} == {HEIGHT}
    assert len({picture.width for picture in pictures}) == 1
    first, last = (np.asarray(pictures[k].convert("RGB"), dtype=int) for k in (0, -1))
    assert (np.abs(first - last) > 60).any(axis=2).sum() > 500
    assert film.kind in ("image/webp", "image/jpeg")


def test_when_a_goal_is_taken_expect_a_red_ball_from_then_on():
    film = film_of(ROBOT, sheet((GoalShown(0.2, 0.4, np.array([0.6, 0.14, 0.8])),)))

    def red(image: bytes) -> int:
        r, g, b = np.asarray(Image.open(io.BytesIO(image)).convert("RGB"), dtype=int).T
        return int(((r > 120) & (g < 50) & (b < 50)).sum())

    assert red(film.images[-1]) > red(film.images[0]) + 50
