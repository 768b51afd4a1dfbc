"""`rl_control bag info`: what is in a bag, and whether it is whole."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from rl_control.data.bags.info import BagInfo, TopicInfo
    from rl_control.data.bags.joints import JointsTold

_LATCHED = "latched"
_ANY_WIDTH = 10_000
HELP = "what is in a bag, and whether it is whole"
DESCRIPTION = """\
Reads every byte of a bag, checks its checksums and tells what it holds: topics with their rates
and longest gaps (and where these begin), joints, and whether times go back. Exit status 1: the bag
is not whole.

examples:
  rl_control bag info runs/reach-20260131-120000
  rl_control bag info bag_0.mcap --json info.json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line arguments."""
    from rl_control.run.output import add_json_argument

    parser.description = DESCRIPTION
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("bag", metavar="BAG", help="folder of a run or a bag, or one file of it")
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Print; return 0 for a whole bag, 1 for another.

    Raises:
        DataError: if there is no bag, or nothing in it can be read.
        ConfigError: if the JSON file cannot be written.
    """
    from rl_control.data.bags.info import bag_info
    from rl_control.report.table import console
    from rl_control.run.output import check_writable, write_json

    check_writable(args.json)
    out = console()
    with out.status("reading the bag"):
        info = bag_info(args.bag)
    if args.json:
        write_json(args.json, info)
    _print(info, out)
    return 0 if info.whole else 1


def _print(info: BagInfo, out: Console) -> None:
    packed = f", {info.compression}" if info.compression else ""
    files = "1 file" if info.files == 1 else f"{info.files} files"
    lines = [f"{info.path}: {info.storage}{packed}, {files}, {info.size / 1e6:.2f} MB"]
    if info.start is not None:
        at = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(info.start // 1_000_000_000))
        lines.append(
            f"{info.duration:.3f} s from {at} UTC ({info.start / 1e9:.3f} s), "
            f"{info.count:,} messages"
        )
    for line in lines:
        out.print(line, soft_wrap=True, markup=False)
    topics = _table(info, stacked=False)
    needed = out.measure(topics, options=out.options.update(max_width=_ANY_WIDTH)).maximum
    out.print(topics if needed <= out.width else _table(info, stacked=True))
    for line in [*_joint_lines(info), *_back_lines(info), f"checksums: {info.checksums}"]:
        out.print(line, soft_wrap=True, markup=False)
    if info.whole:
        out.print("whole: yes")
        return
    out.print("whole: no", style="bold red")
    for line in [*info.problems, info.remedy]:
        out.print(f"  {line}", soft_wrap=True, markup=False)


def _table(info: BagInfo, stacked: bool) -> Table:
    """The topics; `stacked` puts their types below their names, where the terminal is narrow."""
    from rl_control.report.table import table

    def words(name: str, kind: str) -> tuple[str, ...]:
        return (f"{name}\n  {kind}",) if stacked else (name, kind)

    columns = (*words("topic", "type"), "messages", "rate [Hz]", "gap [s]", "at [s]")
    rows = [(*words(topic.name, _kind(topic)), *_numbers(topic)) for topic in info.topics]
    made = table("", columns, rows, left=len(columns) - 4)
    made.padding = (0, 1, 0, 0)
    made.columns[0].overflow = "fold"  # a name that is cut off names nothing
    return made


def _kind(topic: TopicInfo) -> str:
    """The type of its messages, and how they are sent if that is not the usual way."""
    usual = topic.quality in ("", "reliable", _LATCHED)
    return topic.kind.replace("/msg/", "/") + ("" if usual else f", {topic.quality}")


def _numbers(topic: TopicInfo) -> tuple[str, ...]:
    from rl_control.report.table import number

    rate = _LATCHED if topic.quality == _LATCHED else number(topic.rate)
    return (f"{topic.count:,}", rate, number(topic.gap, 3), number(topic.gap_at))


def _joint_lines(info: BagInfo) -> list[str]:
    lines: list[str] = []
    known: dict[tuple[str, ...], str] = {}
    for told in info.joints:
        names = ", ".join(told.names) or "no joint"
        if told.names in known:
            names = f"the joints of {known[told.names]}"
        lines += [f"{told.topic} names {names}", *_lines_of(told)]
        known.setdefault(told.names, told.topic)
    return lines


def _lines_of(told: JointsTold) -> list[str]:
    lines = []
    if told.orders > 1:
        lines.append(f"  in {told.orders} different orders or choices")
    if told.without_velocity:
        lines.append(f"  {told.without_velocity} messages without velocities")
    if told.repeated:
        lines.append(f"  {told.repeated} stamps are the same as the one before")
    if told.back:
        lines.append(
            f"  {told.back} stamps go back, first {told.first_back:.3f} s after the first "
            f"message, by at most {told.deepest_back:.3f} s: a clock that began anew, or two "
            "publishers"
        )
    return lines


def _back_lines(info: BagInfo) -> list[str]:
    return [
        f"{topic.name}: {topic.back} messages were received before the one before them"
        for topic in info.topics
        if topic.back
    ]
