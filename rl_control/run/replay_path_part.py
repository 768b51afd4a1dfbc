"""Which part of a recording is gone again: one episode, or what was chosen by time."""

from __future__ import annotations

import argparse
import math

from rl_control.data.bags.find import holds_bag
from rl_control.data.paths.episodes import bag_episodes
from rl_control.errors import ConfigError, DataError


def add_part_flags(parser: argparse.ArgumentParser) -> None:
    """Add --start, --end and --episode."""
    parser.add_argument(
        "--start", type=float, default=0.0, metavar="S", help="where to begin in the recording [s]"
    )
    parser.add_argument(
        "--end", type=float, metavar="S", help="where to end in the recording [s]; default its end"
    )
    parser.add_argument(
        "--episode",
        type=int,
        metavar="K",
        help="of a recording with several, default 1 unless --start or --end is given; with it "
        "these count from the episode's start",
    )


def chosen_part(
    args: argparse.Namespace, names: tuple[str, ...], topic: str
) -> tuple[float, float, str]:
    """Return where to begin and to end in a recording [s], and what to say of that.

    Args:
        args: parsed flags, and the recording's `path`.
        names: joints of the arm.
        topic: of the joint states in a bag.

    Raises:
        ConfigError: if there is no such episode.
        DataError: if the bag cannot be used, or the part chosen by time goes over an arm's being
            set back to its start.
    """
    start, end = args.start, math.inf if args.end is None else args.end
    episodes = [(0.0, math.inf)]
    if holds_bag(args.path):
        episodes = bag_episodes(args.path, names, topic)
    if args.episode is None and (start > 0.0 or args.end is not None):
        _refuse_jumps(args.path, episodes, start, end)
        return start, end, ""
    number = 1 if args.episode is None else args.episode
    if not 1 <= number <= len(episodes):
        raise ConfigError(
            "command line",
            "--episode",
            f"found {number}, of {len(episodes)}",
            f"Choose 1 to {len(episodes)}." if len(episodes) > 1 else "Leave it out.",
        )
    began, ended = episodes[number - 1]
    said = f"episode {number} of {len(episodes)}, from {began:.2f} s to {ended:.2f} s"
    return began + start, min(began + end, ended), said if len(episodes) > 1 else ""


def _refuse_jumps(path: str, episodes: list[tuple[float, float]], start: float, end: float) -> None:
    for number, (began, _) in enumerate(episodes[1:], 2):
        if start < began <= end:
            raise DataError(
                path,
                f"the arm was set back to its start before {began:.2f} s, where episode {number} "
                f"of {len(episodes)} begins",
                "Choose --start and --end within one, or an --episode.",
            )
