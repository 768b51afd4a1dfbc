"""Recorded motion from wherever it lies: files of transitions, folders of runs, ROS bags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rl_control.config import setting
from rl_control.data.bags.find import find_bag, holds_bag
from rl_control.data.recording import clean, split_timelines
from rl_control.data.resample import resample
from rl_control.data.stamps import evened
from rl_control.data.store import load_transitions
from rl_control.data.transitions import TransitionDataset
from rl_control.errors import DataError
from rl_control.robot.model import RobotModel

TRANSITIONS = "transitions.safetensors"
"""What a run that records motion calls its file."""

_BAGS = (".mcap", ".db3")


@dataclass(frozen=True)
class BagConfig:
    """Where a bag holds what the arm did."""

    state_topic: str = setting("/joint_states", doc="Topic of joint states")
    command_topic: str = setting("/effort_controller/commands", doc="Topic of effort commands")
    command_joints: tuple[str, ...] = setting(
        (), doc="Joint order of commands; none for the robot's own"
    )


@dataclass(frozen=True)
class SourceReport:
    """What one source gave.

    Attributes:
        source: its path, as it was named.
        seconds: of motion in it that can be learned from.
        rejected: how many samples or intervals were left out, by reason.
    """

    source: str
    seconds: float
    rejected: Mapping[str, int] = field(default_factory=dict)

    @property
    def left_out(self) -> str:
        """What was left out, in words; "nothing" if all could be used."""
        parts = [f"{count} {reason}" for reason, count in sorted(self.rejected.items())]
        return ", ".join(parts) or "nothing"


def load_motion(
    paths: Sequence[str | Path], robot: RobotModel, dt: float = 0.005, bags: BagConfig | None = None
) -> tuple[TransitionDataset, list[SourceReport]]:
    """Return all motion of `robot` in `paths` as one set, and what each of them gave.

    Joints are matched by name. What a file of transitions holds was checked when it was written;
    of a bag, samples that cannot be true and intervals that cannot be interpolated are left out
    and counted.

    Args:
        paths: each a file of transitions, a folder of a run that left one, or a ROS bag.
        robot: the arm that moved.
        dt: time step to resample bags to in [s]; where there are files of transitions, theirs.
        bags: topics of the bags.

    Raises:
        DataError: if there is no path, one is missing, damaged, of another arm, named twice or
            without anything that can be used, or if time steps differ.
        MissingDependencyError: if there is a bag, and rosbags is not installed.
    """
    found = _located(paths)
    stored = {path: load_transitions(file) for path, file in found.items() if not _is_bag(file)}
    step = next((data.dt for data in stored.values()), dt)
    whole, reports = TransitionDataset.empty(robot.names, step), []
    for path, file in found.items():
        if path in stored:
            data, rejected = _of_robot(path, stored[path], robot, step), Counter[str]()
        else:
            data, rejected = _from_bag(file, robot, step, bags or BagConfig())
        report = SourceReport(path, data.seconds, dict(rejected))
        if not data.size:
            raise DataError(
                path,
                f"no motion in it can be used (left out: {report.left_out})",
                "Record joint states and commands together, while the arm moves.",
            )
        whole = whole.join(data)
        reports.append(report)
    return whole, reports


def _located(paths: Sequence[str | Path]) -> dict[str, Path]:
    """The file or bag that each path means."""
    if not paths:
        raise DataError("motion", "no source is named", "Name a recording of the arm.")
    found: dict[str, Path] = {}
    for path in map(str, paths):
        file = _locate(Path(path))
        for other, known in found.items():
            # Motion that is there twice would be learned from and judge what was learned.
            if file.resolve() == known.resolve():
                raise DataError(path, f"the same as {other}", "Name every recording once.")
        found[path] = file
    return found


def _locate(path: Path) -> Path:
    if not path.exists():
        raise DataError(path, "there is no such file or folder", "Check its name.")
    if not path.is_dir():
        return path
    file = path / TRANSITIONS
    if file.is_file():
        return file
    if holds_bag(path):
        return find_bag(path)
    raise DataError(
        path,
        f"neither a run (no {TRANSITIONS}) nor a ROS bag (no metadata.yaml)",
        "Name the folder of a run that recorded motion, or of a bag.",
    )


def _is_bag(path: Path) -> bool:
    return (path / "metadata.yaml").is_file() or path.suffix in _BAGS


def _of_robot(
    path: str, data: TransitionDataset, robot: RobotModel, step: float
) -> TransitionDataset:
    lacking = [name for name in robot.names if name not in data.names]
    if lacking:
        raise DataError(
            path,
            f"motion of joints {', '.join(data.names)}; it lacks {', '.join(lacking)}",
            f"Name motion of {robot.name}, or the robot of this motion.",
        )
    if abs(data.dt - step) > 1e-9 * step:
        raise DataError(
            path,
            f"its steps are of {data.dt:g} s, those of the sources before it of {step:g} s",
            "Join recordings of one time step only.",
        )
    return data.ordered(robot.names)


def _from_bag(
    path: Path, robot: RobotModel, dt: float, config: BagConfig
) -> tuple[TransitionDataset, Counter[str]]:
    """What can be used of a bag, a rollout for each time its clock began anew."""
    from rl_control.data.bag import read_bag

    recording = read_bag(
        path, robot.names, config.state_topic, config.command_topic, config.command_joints or None
    )
    data = TransitionDataset.empty(robot.names, dt)
    rejected = Counter(recording.rejected)
    for part in split_timelines(recording):
        cleaned, dropped = clean(part, robot.limits)
        resampled = resample(evened(cleaned), dt)
        data = data.join(resampled.data)
        rejected += dropped + resampled.dropped
    return data, rejected
