"""The flags of `rl_control train`, and the settings that they ask for."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rl_control.config import add_flags, fields_of, flatten, from_args
from rl_control.errors import ConfigError, UnknownNameError
from rl_control.run.robot_flags import add_arm_flags, add_robot_flags, add_topic_flags
from rl_control.run.train_settings import (
    METHODS,
    TrainConfig,
    TrainSettings,
    find_method,
)
from rl_control.tasks.catalog import find_task
from rl_control.tasks.reach_config import ReachTerminal, ReachWeights

_PLAIN = ("robot", "base", "tip", "method", "seed", "from_nothing")


def add_train_flags(parser: argparse.ArgumentParser) -> None:
    """Add what decides what comes out of a run. A flag that is not given is None or missing."""
    parser.add_argument(
        "task", nargs="?", help="reach, reach_pose, track, insert, or FILE.py:CLASS of your own"
    )
    methods = "; ".join(f"{name}: {method.help}" for name, method in METHODS.items())
    parser.add_argument("--method", metavar="NAME", help=f"{methods} (default: mdgps)")
    add_robot_flags(parser)
    add_arm_flags(parser)
    parser.set_defaults(robot=None, payload=None)
    parser.add_argument(
        "--from-nothing",
        action="store_true",
        default=None,
        help="use no mass and no inertia of the description: kinematics and limits alone",
    )
    parser.add_argument(
        "--rate",
        type=float,
        metavar="HZ",
        help="the arm's joint states, and commands, a second (default: 200)",
    )
    parser.add_argument("--seed", type=int, help="of everything random, default 0")
    parser.add_argument(
        "--episode",
        nargs="+",
        default=[],
        metavar="NAME=VALUE",
        help="settings of the task: duration, dt, tolerance, spread and those of its own",
    )
    add_flags(parser, TrainConfig, "train.", "what is trained on")
    title = "weights of the task's cost"
    add_flags(parser, ReachWeights, "weights.", title + _other_defaults("weights"))
    title = "multipliers of the weights at the end"
    add_flags(parser, ReachTerminal, "terminal.", title + _other_defaults("terminal"))
    for name, method in METHODS.items():
        title = f"settings of --method {name}"
        if method.of_task:
            others = ", ".join(method.of_task)
            title += f"; {others} has other defaults, which the config.json of a run tells"
        add_flags(parser, type(method.config), f"{name}.", title, method.config)


def add_ros_flags(parser: argparse.ArgumentParser) -> None:
    """Add --ros, and where the arm's topics are."""
    parser.add_argument(
        "--ros",
        action="store_true",
        help="move an arm behind ROS 2 topics (arm_sim, or a real one) that is there already, and "
        "that holds itself while no commands come; payload, damping and friction are its own",
    )
    add_topic_flags(parser)
    parser.add_argument(
        "--no-record", action="store_true", help="with --ros: leave no bag of what is said"
    )


def refuse_simulation_flags(args: argparse.Namespace) -> None:
    """Refuse what only an arm simulated by this process can be told.

    Raises:
        ConfigError: naming the first such flag.
    """
    for name in ("workers", "payload", "damping", "friction"):
        if getattr(args, name) is not None:
            raise ConfigError(
                "command line",
                f"--{name}",
                "with --ros there is one arm, which is as it is",
                "Leave it away; arm_sim has parameters for what it simulates.",
            )


def asked(args: argparse.Namespace, base: TrainSettings | None = None) -> TrainSettings:
    """Return the settings that flags ask for.

    Args:
        args: what the parser returned.
        base: gives what no flag gave; None for the defaults.

    Raises:
        RlControlError: if a value is not allowed.
    """
    new = base is None
    base = base or TrainSettings()
    given: dict[str, Any] = {
        name: getattr(args, name) for name in _PLAIN if getattr(args, name) is not None
    }
    if args.task is not None:
        given["task"] = _whole(args.task)
    settings = replace(base, **given)
    if settings.seed < 0:
        raise ConfigError("command line", "--seed", f"found {settings.seed}", "Give 0 or more.")
    method = find_method(settings.method)
    _refuse_other_methods(args, settings.method)
    cost = method.cost(settings.robot, settings.task) if new else base.cost
    kind = type(method.config)
    usual = method.of_task.get(settings.task, method.config)
    how = base.how if isinstance(base.how, kind) and not new else usual
    return replace(
        settings,
        episode={**base.episode, **_episode(settings.task, args.episode)},
        plant=replace(base.plant, **_plant(args)),
        weights=from_args(ReachWeights, args, cost.weights, "weights."),
        terminal=from_args(ReachTerminal, args, cost.terminal, "terminal."),
        train=from_args(TrainConfig, args, base.train, "train."),
        how=from_args(kind, args, how, f"{settings.method}."),
    )


def _other_defaults(group: str) -> str:
    """What methods take in the place of the usual values, for the help."""
    found = [
        f"{name}: {', '.join(f'{key} {value:g}' for key, value in values.items())}"
        for name, method in METHODS.items()
        if (values := getattr(method, group))
    ]
    return f" (to reach by {'; '.join(found)})" if found else ""


def _whole(task: str) -> str:
    """A task of a user's own by its whole path: a run may go on from another folder."""
    path, colon, wanted = task.rpartition(":")
    return f"{Path(path).absolute()}:{wanted}" if colon and path.endswith(".py") else task


def _episode(task: str, pairs: Sequence[str]) -> dict[str, Any]:
    """Settings of a task, which the parser did not know yet."""
    kind = find_task(task).settings
    infos = {info.key: info for info in fields_of(kind)}
    given: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise ConfigError(
                "command line", "--episode", f"found '{pair}'", "Write NAME=VALUE, or NAME=1,2,3."
            )
        if name not in infos:
            raise UnknownNameError(f"setting of task '{task}'", name, list(infos))
        given[f"episode.{name}"] = [text] if infos[name].is_list else text
    values = flatten(from_args(kind, argparse.Namespace(**given), prefix="episode."))
    return {name: value for name, value in values.items() if f"episode.{name}" in given}


def _plant(args: argparse.Namespace) -> dict[str, Any]:
    changes: dict[str, Any] = {} if args.payload is None else {"payload": args.payload}
    if args.rate is not None:
        if not 10.0 <= args.rate <= 10_000.0:
            raise ConfigError(
                "command line", "--rate", f"found {args.rate:g}", "Give 10 to 10000 Hz."
            )
        changes["period"] = 1.0 / args.rate
    for name in ("damping", "friction"):
        if getattr(args, name) is not None:
            changes[name] = (getattr(args, name),)
    return changes


def _refuse_other_methods(args: argparse.Namespace, chosen: str) -> None:
    for name in METHODS:
        wrong = [key for key in vars(args) if key.startswith(f"{name}.")]
        if name != chosen and wrong:
            raise ConfigError(
                "command line",
                f"--{wrong[0]}",
                f"it is a setting of --method {name}, and {chosen} was asked for",
                "Leave it away, or ask for that method.",
            )
