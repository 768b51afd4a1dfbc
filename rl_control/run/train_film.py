"""What a trained policy does, as a short video: some of its trials, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import numpy as np

from rl_control.plants.bullet_camera import Camera, camera_for
from rl_control.plants.bullet_stage import Stage
from rl_control.plants.bullet_view import Box, View, square_view
from rl_control.report.overlay import Stroke, captioned, drawn_on
from rl_control.report.plots import BAD, GOOD, INK
from rl_control.report.video import Frame, box_around, crop, moved_in, write_video
from rl_control.run.trial_shown import TrialShown
from rl_control.run.trials import Trials
from rl_control.tasks.base import ArmTask
from rl_control.types import Array

SHOWN = 4  # trials
FPS = 10.0  # a divisor of GIF's clock
MOST = 125  # pictures drawn; what would take more is shown faster than it was
HEIGHT = 360  # pixels of a picture below the words
REST = round(0.8 * FPS)  # pictures for which the end of a trial stays
_DRAWN = 450  # pixels, before it is made smaller for smooth edges
_SCOUT = 160  # pixels where only motion is looked for, in every third picture
_ALL = 0.8  # half of what can be of interest, 1 m before the camera
_WHOLE: Box = (0.0, 1.0, 0.0, 1.0)
_CLOSE = 0.45  # [m] from where a fixture is looked at
_CLOSE_HALF = 0.32  # half of what is seen from there, 1 m ahead
_ABOVE = 0.05  # [m] above where the tip shall end: the middle of what is seen from there
_MARGIN = 0.03  # share of all that can be of interest, around what is shown


@dataclass(frozen=True)
class Shot:
    """One picture.

    Attributes:
        trial: number of the trial that it shows.
        time: since that began, in [s].
        last: whether it is the trial's end.
    """

    trial: int
    time: float
    last: bool


def film_policy(task: ArmTask, trials: Trials, title: str, path: Path) -> Path:
    """Show the first trials of a policy as a GIF at `path`; return it.

    A red ball is where the tip should be; the blue line is where it has been, the grey one where
    it should go. Where a rotation is wanted, its axes and those of the tip are drawn. A fixture is
    shown once more from near.

    Args:
        task: that was tried.
        trials: how it went.
        title: stands above.
        path: of the video.

    Raises:
        MissingDependencyError: if Pillow, or PyBullet, is not installed.
    """
    return write_video(_frames(task, trials, title), path, FPS)


def shots_of(lengths: Sequence[float]) -> list[Shot]:
    """Return what is drawn of trials of some lengths [s]: evenly in time, and the end of each."""
    step = max(1.0 / FPS, sum(lengths) / MOST)
    counts = [max(1, ceil(length / step - 1e-9)) for length in lengths]
    return [
        Shot(number, length if k == count else k * step, k == count)
        for number, (length, count) in enumerate(zip(lengths, counts, strict=True))
        for k in range(count + 1)
    ]


def _frames(task: ArmTask, trials: Trials, title: str) -> Iterator[Frame]:
    pairs = zip(trials.conditions[:SHOWN], trials.trajectories[:SHOWN], strict=True)
    shown = [TrialShown(task, *pair) for pair in pairs]
    shots = shots_of([trial.length for trial in shown])
    stage, camera = Stage(task.robot, task.fixtures), camera_for(task.robot)
    try:
        far = _far(camera, stage, _acted(stage, shown, shots[::3]))
        for shot in _acted(stage, shown, shots):
            trial = shown[shot.trial]
            views = [far]
            if trial.scene:
                views.append(_near(camera, trial.goal(trial.length).position))
            parts = [_pictured(stage, view, trial, shot.time) for view in views]
            words = [(title, INK), _said(shot, shown, trials)]
            frame = captioned(np.concatenate(parts, axis=1), words)
            yield from [frame] * (REST if shot.last else 1)
    finally:
        stage.close()


def _acted(stage: Stage, shown: Sequence[TrialShown], shots: Sequence[Shot]) -> Iterator[Shot]:
    """Set the stage for one shot after the other."""
    placed = -1
    for shot in shots:
        trial = shown[shot.trial]
        if shot.trial != placed:
            stage.place(trial.scene)
            placed = shot.trial
        stage.pose(trial.arm(shot.time), trial.goal(shot.time).position)
        yield shot


def _pictured(stage: Stage, view: View, trial: TrialShown, time: float) -> Frame:
    frame = crop(stage.picture(view, _DRAWN), _WHOLE, HEIGHT)
    lines = trial.lines(time)
    return drawn_on(
        frame, [Stroke(view.seen_at(line.points), line.color, line.width) for line in lines]
    )


def _said(shot: Shot, shown: Sequence[TrialShown], trials: Trials) -> tuple[str, str]:
    """Words on a picture, and their colour."""
    which = f"trial {shot.trial + 1} of {len(shown)}"
    if not shot.last:
        away = 1e3 * shown[shot.trial].away(shot.time)
        return f"{which}   {shot.time:.2f} s   {away:.1f} mm off", INK
    good, error = trials.succeeded[shot.trial], 1e3 * trials.errors[shot.trial]
    verdict, color = ("succeeds", GOOD) if good else ("fails", BAD)
    return f"{which}   {verdict}, {error:.1f} mm off", color


def _far(camera: Camera, stage: Stage, shots: Iterable[Shot]) -> View:
    """All of the arm, and of what moves, in any of the shots."""
    wide = square_view(camera, _ALL)
    seen = [(stage.picture(wide, _SCOUT), stage.arm_in(wide, _SCOUT)) for _ in shots]
    frames, arms = zip(*seen, strict=True)
    top, bottom, left, right = box_around(moved_in(frames) | np.any(arms, axis=0), _MARGIN)
    # At least as wide as high, for words need room.
    middle, half = 0.5 * (left + right), 0.5 * max(right - left, bottom - top)
    return wide.part((top, bottom, middle - half, middle + half))


def _near(camera: Camera, place: Array) -> View:
    """A place from near by and above, from the side of a camera."""
    side = camera.eye - camera.target
    side = side - (side @ camera.up) * camera.up
    direction = side / np.linalg.norm(side) + 0.7 * camera.up
    middle = place + _ABOVE * camera.up
    eye = middle + _CLOSE * direction / np.linalg.norm(direction)
    return square_view(Camera(eye, middle, camera.up, camera.far), _CLOSE_HALF)
