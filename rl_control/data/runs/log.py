"""A recorded run as a controller saw it: states, commands, goals, settings, decisions, plans."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rl_control.data.bags.find import find_bag
from rl_control.data.bags.messages import open_bag
from rl_control.data.bags.cdr_rows import Stamps
from rl_control.data.runs.decisions import Decisions, Lazy, read_decision
from rl_control.data.runs.events import (
    LoggedGoal,
    LoggedPath,
    LoggedPlan,
    LogNote,
    Report,
    pair_goals,
    read_note,
    read_path,
    read_plan,
    read_reports,
    read_text,
)
from rl_control.data.runs.messages import (
    CommandLog,
    StateLog,
    last_joint_names,
    read_commands,
    read_states,
)
from rl_control.data.runs.settings import LoggedSettings, read_settings
from rl_control.data.runs.topics import RunTopics, find_topics
from rl_control.errors import DataError
from rl_control.types import joint_index

if TYPE_CHECKING:
    from rosbags.highlevel import AnyReader


@dataclass(frozen=True)
class RunLog:
    """What a bag tells of a controlled run; times are integers in [ns].

    Attributes:
        path: the bag.
        controller: full name of the controller, such as "/mpc_controller"; "" if none told of
            itself.
        names: the arm's joints, [n].
        states: joint states.
        commands: what was commanded.
        goals: what was aimed at, in order of receipt.
        settings: the controller's configurations, in order of receipt.
        decisions: why commands were what they were, one a state.
        plans: joint paths, the newest plan some times a second.
        paths: tip paths of the same plans.
        reports: diagnostics of all nodes.
        notes: what nodes logged.
        description: URDF of the arm; "" if it was not recorded.
        topics: where all this was found.
    """

    path: Path
    controller: str
    names: tuple[str, ...]
    states: StateLog
    commands: CommandLog
    goals: tuple[LoggedGoal, ...]
    settings: tuple[LoggedSettings, ...]
    decisions: Decisions
    plans: Lazy[LoggedPlan]
    paths: Lazy[LoggedPath]
    reports: tuple[Report, ...]
    notes: tuple[LogNote, ...]
    description: str
    topics: RunTopics


def read_log(path: str | Path, controller: str = "", names: Sequence[str] | None = None) -> RunLog:
    """Return what a bag tells of a controlled run.

    Args:
        path: a run's folder, a bag's folder, or one bag file.
        controller: name of the controller, with its namespace or without; "" for the one that is
            in the bag.
        names: the arm's joints; else those that the controller names, or the joint states.

    Raises:
        MissingDependencyError: if rosbags is not installed.
        DataError: if there is no such bag or controller, or the bag is empty, cut, damaged, or
            has no joint state of the arm.
    """
    bag = find_bag(path)
    with closing(open_bag(bag)) as reader:
        kinds = {c.topic: c.msgtype for c in reader.connections if c.msgcount}
        first = find_topics(bag, kinds, controller)
        raws = _Raws(reader, bag, [*first.own, *first.common])
        try:
            settings = tuple(
                read_settings(read_text(raw), int(received))
                for raw, received in zip(*raws.of(first.settings), strict=True)
            )
            topics = first.with_settings(bag, kinds, settings[-1].values if settings else {})
            raws.read([topics.states, topics.commands])
            return _log(bag, topics, raws, settings, names)
        except (ValueError, struct.error, IndexError) as error:
            if isinstance(error, DataError):
                raise
            raise DataError(
                bag,
                f"a message in it cannot be read ({' '.join(str(error).split())})",
                "Record it again, or leave the damaged topic out.",
            ) from error


class _Raws:
    """The messages of some topics of a bag, as they were recorded."""

    def __init__(self, reader: AnyReader, bag: Path, topics: Sequence[str]) -> None:
        self._reader, self._bag = reader, bag
        self._found: dict[str, tuple[list[bytes], list[int]]] = {}
        self.read(topics)

    def read(self, topics: Sequence[str]) -> None:
        """Read further topics."""
        wanted = [t for t in topics if t and t not in self._found]
        connections = [c for c in self._reader.connections if c.topic in wanted]
        for topic in wanted:
            self._found[topic] = ([], [])
        if not connections:
            return
        try:
            for connection, received, raw in self._reader.messages(connections=connections):
                raws, times = self._found[connection.topic]
                raws.append(raw)
                times.append(received)
        except DataError:
            raise
        except Exception as error:  # a damaged file makes its parser raise whatever it meets
            raise DataError(
                self._bag,
                f"cut or damaged ({str(error) or type(error).__name__})",
                "Try `rl_control bag recover` on it.",
            ) from error

    def of(self, topic: str) -> tuple[list[bytes], Stamps]:
        """Return messages and times of receipt [ns] of a topic; none of one that is not there."""
        raws, times = self._found.get(topic, ([], []))
        return raws, np.array(times, dtype=np.int64)


def _log(
    bag: Path,
    topics: RunTopics,
    raws: _Raws,
    settings: tuple[LoggedSettings, ...],
    names: Sequence[str] | None,
) -> RunLog:
    paths, _ = raws.of(topics.goal_path)
    goals = pair_goals(*raws.of(topics.goal), *raws.of(topics.goal_joints), paths)
    plans = Lazy(*raws.of(topics.plan), read_plan)
    state_raws, state_times = raws.of(topics.states)
    seen = last_joint_names(state_raws)
    arm = tuple(names or ())
    if not arm:
        arm = goals[-1].names if goals else plans[-1].names if len(plans) else seen
    states = read_states(state_raws, state_times, arm)
    if not len(states.stamps):
        raise DataError(
            bag,
            f"no joint state of this robot: the last one names {', '.join(seen) or 'no joint'}, "
            f"wanted are {', '.join(arm)}, with one position each",
            "Name a bag of this robot, or the robot of this bag.",
        )
    listed = (settings[-1].values.get("command_joints") if settings else None) or arm
    commands = read_commands(*raws.of(topics.commands), joint_index(listed, arm))
    description = [read_text(raw) for raw in raws.of(topics.description)[0]]
    return RunLog(
        path=bag,
        controller=topics.controller,
        names=arm,
        states=states,
        commands=commands,
        goals=goals,
        settings=settings,
        decisions=Decisions(*raws.of(topics.decisions), read_decision),
        plans=plans,
        paths=Lazy(*raws.of(topics.tip_path), read_path),
        reports=read_reports(*raws.of(topics.diagnostics)),
        notes=tuple(map(read_note, *raws.of(topics.rosout))),
        description=description[-1] if description else "",
        topics=topics,
    )
