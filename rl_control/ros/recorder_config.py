"""The settings of the node bag_recorder."""

from __future__ import annotations

from dataclasses import dataclass

from rl_control.config import setting


@dataclass(frozen=True)
class RecorderConfig:
    """Settings of the recorder's node."""

    autostart: bool = setting(True, doc="Configure and activate without being asked")
    realtime_priority: int = setting(
        0, doc="Real-time priority asked for once active; a recorder needs none", low=0, high=99
    )
    folder: str = setting(
        "", doc="Folder of the bag, which must not exist; empty for runs/record-DATE-TIME/bag"
    )
    topics: tuple[str, ...] = setting(
        (), doc="Topics to record, '*' standing for any letters; none for all that there are"
    )
    exclude: tuple[str, ...] = setting((), doc="Topics to leave out, written in the same way")
    hidden: bool = setting(
        False, doc="Record hidden topics, too: those with a part that begins with '_'"
    )
    split_size: float = setting(
        1000.0,
        doc="Size at which a file of the bag is ended and the next begun; 0 for one file",
        unit="MB",
        low=0.0,
        high=1e6,
    )
    flush_time: float = setting(
        0.5,
        doc="Longest time that a message is in memory only: what a kill may cost",
        unit="s",
        low=0.05,
        high=10.0,
    )
    depth: int = setting(
        5000,
        doc="Messages of a topic that may wait here to be taken",
        low=1000,
        high=100_000,
    )
    take_period: float = setting(
        0.01,
        doc="Time between two takings of what has come in; messages keep their times of receipt",
        unit="s",
        low=0.001,
        high=0.05,
    )
    discovery_period: float = setting(
        0.2, doc="Time between two looks for new topics", unit="s", low=0.05, high=10.0
    )
    paused: bool = setting(False, doc="Begin paused: only latched topics are recorded then")
    reserve: float = setting(
        64.0, doc="Free space on the disk at which the bag is ended", unit="MB", low=1.0, high=1e6
    )
    end_when_full: bool = setting(
        False,
        doc="End the node, too, when the disk is full; false goes on without recording, so that "
        "other nodes of a launch file go on",
    )
    diagnostics_rate: float = setting(
        1.0, doc="Diagnostics a second", unit="Hz", low=0.1, high=50.0
    )
