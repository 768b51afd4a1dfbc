"""What a run leaves to look at: a plot and a short video in a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from rl_control.plants.bullet import BulletPlant
from rl_control.plants.bullet_config import BulletConfig
from rl_control.report.plots import RunRecord, TargetMark, plot_run
from rl_control.report.video import Frame, crop, motion_box, write_video
from rl_control.robot.model import RobotModel
from rl_control.types import Array

T = TypeVar("T")
Progress = Callable[[Sequence[T]], Iterable[T]]

FPS = 12.5  # a multiple of GIF's clock
HEIGHT = 360  # pixels of the video
DRAWN = 640  # pixels of a side before cropping: smooth edges
SCOUT = 160  # pixels of a side where only motion is looked for, in every third picture
FOOT = 0.7  # height at which the camera sees the arm's foot, as a share from the top
STRIP = 5  # pictures above the plot


def leave_behind(
    folder: Path, run: RunRecord, robot: RobotModel, progress: Progress[float] | None = None
) -> list[Path]:
    """Write run.png and run.gif into `folder`; return their paths.

    Args:
        folder: where.
        run: what happened.
        robot: the arm.
        progress: wraps the times of the frames while they are drawn.
    """
    times = np.arange(run.trajectory.times[0], run.trajectory.times[-1] + 1e-9, 1.0 / FPS)
    with_frames = film(run, robot, times.tolist(), progress or (lambda items: items))
    chosen = [int(np.argmin(np.abs(times - at))) for at in moments(run)]
    picture = plot_run(run, folder / "run.png", [with_frames[k] for k in chosen])
    # The last picture stays for a moment before the video begins anew.
    rest = [with_frames[-1]] * round(0.8 * FPS)
    return [picture, write_video([*with_frames, *rest], folder / "run.gif", FPS)]


def film(
    run: RunRecord, robot: RobotModel, times: Sequence[float], progress: Progress[float]
) -> list[Frame]:
    """Return pictures of the arm at `times` [s] of the run, cropped to where it moves."""
    plant = BulletPlant(robot, BulletConfig())
    try:
        top, bottom, left, right = motion_box(list(_draw(plant, run, times[::3], SCOUT)))
        box = (top, max(bottom, FOOT), left, right)
        frames = _draw(plant, run, progress(times), DRAWN)
        return [crop(frame, box, HEIGHT) for frame in frames]
    finally:
        plant.close()


def _draw(plant: BulletPlant, run: RunRecord, times: Iterable[float], side: int) -> Iterator[Frame]:
    shown: TargetMark | None = None
    for time in times:
        target = target_at(run.targets, time)
        if target is not None and target is not shown:
            plant.show_target(target.position)
            shown = target
        plant.reset(position_at(run, time))
        yield plant.frame(side, side)


def target_at(targets: Sequence[TargetMark], time: float) -> TargetMark | None:
    """Return the target in force at `time` [s]; the first one before it was sent."""
    sent = [target for target in targets if target.start <= time]
    return sent[-1] if sent else next(iter(targets), None)


def position_at(run: RunRecord, time: float) -> Array:
    """Return the joint positions nearest in time, [n]."""
    trajectory = run.trajectory
    last = len(trajectory.times) - 1
    return trajectory.positions[min(int(np.searchsorted(trajectory.times, time)), last)]


def moments(run: RunRecord) -> list[float]:
    """Return a time on the way to each of the first `STRIP` targets in [s]: pictures to show."""
    starts = [target.start for target in run.targets]
    ends = [*starts[1:], float(run.trajectory.times[-1])] if starts else []
    chosen = []
    for target, end in zip(run.targets[:STRIP], ends, strict=False):
        there = end if target.settled is None else target.settled
        # Late enough to be well on the way, early enough to see the ball it heads for.
        chosen.append(target.start + 0.4 * (there - target.start))
    return chosen


def joined(records: Sequence[RunRecord], title: str) -> RunRecord:
    """Return runs after one another as one."""
    parts, marks, solve_times = [], [], []
    offset = 0.0
    for record in records:
        trajectory = record.trajectory
        shift = offset - float(trajectory.times[0])
        parts.append(replace(trajectory, times=trajectory.times + shift))
        solve_times.append(record.solve_times + shift)
        for mark in record.targets:
            settled = None if mark.settled is None else mark.settled + shift
            marks.append(TargetMark(mark.start + shift, mark.position, settled))
        offset = float(parts[-1].times[-1])
    tips = [part.tips for part in parts if part.tips is not None]
    whole = replace(
        parts[0],
        # Each part begins at the instant at which the one before it ends.
        times=np.concatenate([parts[0].times[:1], *(part.times[1:] for part in parts)]),
        states=np.concatenate([parts[0].states[:1], *(part.states[1:] for part in parts)]),
        controls=np.concatenate([part.controls for part in parts]),
        tips=np.concatenate([tips[0][:1], *(tip[1:] for tip in tips)]) if tips else None,
        extra={},
    )
    return replace(
        records[0],
        title=title,
        trajectory=whole,
        targets=tuple(marks),
        solve_times=np.concatenate(solve_times),
        solve_ms=np.concatenate([record.solve_ms for record in records]),
    )
