"""`rl_control collect`: move a simulated arm about informatively, and keep what was seen."""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from rl_control.control.excite_settings import ExcitationConfig
    from rl_control.data.transitions import TransitionDataset
    from rl_control.plants.bullet_config import BulletConfig
    from rl_control.robot.model import RobotModel
    from rl_control.run.run_recorder import RunRecorder

HELP = "move a simulated arm about informatively, and keep what was seen"
DESCRIPTION = """\
Moves a simulated arm so that its dynamics can be learned from the motion: within its limits, free
of collision, under the safety filter. Leaves the motion (transitions.safetensors) and what was
moved (result.json) in a folder under runs/, for rl_control fit, and the same as a bag, for
rl_control report, replay and other tools. With --no-model the motion is followed by an arm of which
nothing is known but kinematics and limits.

examples:
  rl_control collect --payload 3 --damping 1 --friction 1
  rl_control collect --robot my_arm.urdf --rollouts 6 --seconds 10 --excitation.kind random
  rl_control collect --robot panda --no-model
"""
NODE = "excitation"  # what topics call the one who moves the arm
MOTION, RESULT = "transitions.safetensors", "result.json"


@dataclass(frozen=True)
class Rollout:
    """How one rollout went.

    Attributes:
        seconds: how long the arm moved in [s].
        range: what each joint used of its range, [n] as a share.
        speed: greatest speed of each joint as a share of its limit, [n].
        effort: greatest effort of each joint as a share of its limit, [n].
        stopped: why the safety filter stopped the motion; "" if it did not.
    """

    seconds: float
    range: tuple[float, ...]
    speed: tuple[float, ...]
    effort: tuple[float, ...]
    stopped: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line arguments."""
    from rl_control.config import add_flags
    from rl_control.control.excite_settings import ExcitationConfig
    from rl_control.run.output import add_json_argument
    from rl_control.run.robot_flags import add_arm_flags, add_robot_flags

    parser.description = DESCRIPTION
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_robot_flags(parser)
    add_arm_flags(parser)
    parser.add_argument("--rollouts", type=int, default=4, metavar="N", help="default 4")
    parser.add_argument(
        "--seconds", type=float, default=5.0, metavar="S", help="length of each, default 5"
    )
    parser.add_argument(
        "--no-model", action="store_true", help="use no mass, no inertia, no gravity torque"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the motion, default 0")
    parser.add_argument(
        "--runs", default="runs", metavar="FOLDER", help="where run folders go, default runs/"
    )
    parser.add_argument("--no-record", action="store_true", help="leave no bag")
    add_json_argument(parser)
    add_flags(parser, ExcitationConfig, "excitation.", "settings of the motion")


def run(args: argparse.Namespace) -> int:
    """Move, keep and print; return the exit code: 1 if the safety filter stopped a rollout.

    Raises:
        RlControlError: if the robot or a flag cannot be used.
    """
    from contextlib import ExitStack

    from rl_control.config import from_args
    from rl_control.control.excite_settings import ExcitationConfig
    from rl_control.data.store import save_transitions
    from rl_control.paths import new_run_dir
    from rl_control.report.table import console
    from rl_control.robot.description import load_robot
    from rl_control.run.environment import machine, versions
    from rl_control.run.excite import ExcitedConfig
    from rl_control.run.output import check_writable, write_json
    from rl_control.run.robot_flags import check_least, plant_config
    from rl_control.run.run_files import begin_run
    from rl_control.run.run_recorder import RunRecorder, tell_failure

    check_least(args, rollouts=1, seconds=0.5, seed=0, payload=0.0, damping=0.0, friction=0.0)
    check_writable(args.json)
    out = console()
    robot = load_robot(args.robot, base=args.base, tip=args.tip)
    motion, plant = from_args(ExcitationConfig, args, prefix="excitation."), plant_config(args)
    folder = new_run_dir("collect", args.runs)
    run_file = begin_run(folder, "collect", robot.name, args.seed)
    with ExitStack() as held:
        recorder = None
        if not args.no_record:
            config = ExcitedConfig(args.robot, args.base or "", args.tip or "", motion)
            recorder = RunRecorder(folder, robot, config, time.time_ns(), node=NODE)
            held.callback(recorder.close)
        data, rollouts = _move(args, robot, motion, plant, recorder, out)
    tell_failure(recorder, out)
    save_transitions(folder / MOTION, data)
    report = {
        "robot": robot.name,
        "joints": robot.names,
        "seed": args.seed,
        "seconds": data.seconds,
        "rollouts": rollouts,
        "versions": versions(),
        "machine": machine(),
    }
    write_json(folder / RESULT, report)
    run_file.ended(report)
    if args.json:
        write_json(args.json, report)
    out.print(_table(robot, rollouts))
    for number, rollout in enumerate(rollouts, 1):
        if rollout.stopped:
            out.print(f"rollout {number} was stopped: {rollout.stopped}", markup=False)
    out.print(f"left {data.seconds:.1f} s of motion in {folder}", soft_wrap=True, markup=False)
    return 1 if any(rollout.stopped for rollout in rollouts) else 0


def _move(
    args: argparse.Namespace,
    robot: RobotModel,
    motion: ExcitationConfig,
    config: BulletConfig,
    recorder: RunRecorder | None,
    out: Console,
) -> tuple[TransitionDataset, list[Rollout]]:
    """Excite the arm, each rollout in a simulation of its own."""
    import numpy as np
    from rich.progress import track

    from rl_control.data.transitions import TransitionDataset
    from rl_control.interfaces import Plant
    from rl_control.models.mechanics import Mechanics
    from rl_control.plants.bullet import BulletPlant
    from rl_control.plants.collision import CollisionChecker
    from rl_control.run.excite import excite
    from rl_control.run.recorded import RecordedPlant
    from rl_control.safety.filter import SafetyFilter
    from rl_control.safety.settings import SafetyConfig

    known = None if args.no_model else Mechanics(robot)
    checker = CollisionChecker(robot)
    data, rollouts = TransitionDataset.empty(robot.names, config.period), []
    for number in track(
        range(args.rollouts), "moving", console=out, disable=not out.is_terminal, transient=True
    ):
        plant: Plant = BulletPlant(robot, config)
        safety = SafetyFilter(
            robot.limits,
            SafetyConfig(),
            np.zeros_like if known is None else known.gravity_torque,
            None if known is None else known.mass_matrix,
        )
        if recorder is not None:
            recorder.next_episode(None, safety=safety)
            plant = RecordedPlant(plant, recorder)
            plant.reset()
        seen = excite(
            plant, safety, robot, motion, np.random.default_rng([args.seed, number]), args.seconds,
            None if known is None else known.inverse_dynamics,
            collides=checker.collides, source=f"excitation {number + 1}, seed {args.seed}",
        )  # fmt: skip
        plant.close()
        data = data.join(seen)
        rollouts.append(_judged(seen, robot, str(safety.violation or "")))
    checker.close()
    return data, rollouts


def _judged(seen: TransitionDataset, robot: RobotModel, stopped: str) -> Rollout:
    import numpy as np

    n, limits = seen.n, robot.limits
    extent = limits.upper - limits.lower
    extent = np.where(np.isfinite(extent), extent, 2.0 * np.pi)

    def shares(values: Any) -> tuple[float, ...]:
        return tuple(float(value) for value in values)

    return Rollout(
        seconds=seen.seconds,
        range=shares(np.ptp(seen.states[:, :n], axis=0) / extent),
        speed=shares(np.abs(seen.states[:, n:]).max(axis=0) / limits.velocity),
        effort=shares(np.abs(seen.controls).max(axis=0) / limits.effort),
        stopped=stopped,
    )


def _table(robot: RobotModel, rollouts: list[Rollout]) -> Any:
    """What each joint used of its limits in all rollouts together."""
    from rl_control.report.table import percent, table

    rows = [
        (
            name,
            *(
                percent(max(getattr(rollout, what)[joint] for rollout in rollouts))
                for what in ("range", "speed", "effort")
            ),
        )
        for joint, name in enumerate(robot.names)
    ]
    title = f"{robot.name}: shares of limits"
    return table(title, ("joint", "range", "speed", "effort"), rows)
