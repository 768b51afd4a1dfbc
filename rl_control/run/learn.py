"""`rl_control learn`: let an arm find out how it moves, and reach with what it found."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from rl_control.run.learn_arm import LearningArm
    from rl_control.run.learn_run import LearnRun
    from rl_control.run.learn_settings import LearnConfig
    from rl_control.run.run_recorder import RunRecorder

    MakeArm = Callable[[LearnRun, LearnConfig], LearningArm]

HELP = "let an arm learn its dynamics: excite, fit, plan on the model, fit again"
DESCRIPTION = """\
Moves a simulated arm that is not as its description says (a payload, friction), learns a model
from that motion, and reaches targets by planning on it. With --fit.base none networks learn all
of it: the arm is then moved farther, faster and less evenly, where no flag says how. Everything is
kept in a folder under runs/: the motion, every version of the model, and what was decided;
--resume goes on from there. A bag beside them (bag/, and one more for each --resume) has all motion
as ROS 2 nodes would have published it.

examples:
  rl_control learn --payload 3 --damping 1 --friction 1     iiwa7 with 3 kg it does not know of
  rl_control learn --robot planar2 --from-nothing           no mass, no inertia known
  rl_control learn --fit.residual ensemble                  a neural ensemble learns what is left
  rl_control learn --robot planar2 --from-nothing --fit.base none --fit.residual ensemble
                                                            an ensemble learns everything
  rl_control learn --resume runs/learn-20260101-120000      after Ctrl-C, or a power cut
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line arguments."""
    from rl_control.config import add_flags
    from rl_control.run.learn_settings import LearnConfig
    from rl_control.run.output import add_json_argument
    from rl_control.run.robot_flags import add_arm_flags, add_robot_flags, add_topic_flags

    parser.description = DESCRIPTION
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_robot_flags(parser)
    add_arm_flags(parser)
    parser.add_argument(
        "--from-nothing",
        action="store_true",
        help="use no mass and no inertia of the description: kinematics and limits alone",
    )
    parser.add_argument(
        "--targets", type=int, default=20, metavar="N", help="to reach in the end, default 20"
    )
    parser.add_argument(
        "--nominal",
        action="store_true",
        help="also show how the arm reaches them when it plans with its description",
    )
    parser.add_argument("--seed", type=int, default=0, help="of everything random, default 0")
    parser.add_argument(
        "--ros",
        action="store_true",
        help="move an arm behind ROS 2 topics (arm_sim, or a real one) that is there already; "
        "payload, damping and friction are then its own",
    )
    add_topic_flags(parser)
    parser.add_argument("--resume", metavar="FOLDER", help="go on with a run that was stopped")
    parser.add_argument(
        "--runs", default="runs", metavar="FOLDER", help="where run folders go, default runs/"
    )
    parser.add_argument("--no-record", action="store_true", help="leave no bag")
    add_json_argument(parser)
    add_flags(parser, LearnConfig)


def run(args: argparse.Namespace) -> int:
    """Learn and reach; return the exit code.

    Raises:
        RlControlError: if the robot, the run to resume or the motion cannot be used.
    """
    from rl_control.run.in_ros import in_ros

    if args.ros:
        return in_ros("learn", args, add_arguments)
    return learn_with(args, simulated_arm)


def learn_with(args: argparse.Namespace, make_arm: MakeArm) -> int:
    """Learn with the arm that `make_arm` gives; return the exit code.

    Raises:
        RlControlError: if the robot, the run to resume or the motion cannot be used.
    """
    from contextlib import ExitStack

    from rl_control.data.claim import Claim
    from rl_control.report.table import console
    from rl_control.run.output import check_writable
    from rl_control.run.robot_flags import check_least

    check_least(args, targets=0, seed=0, payload=0.0, damping=0.0, friction=0.0)
    check_writable(args.json)
    out = console()
    with ExitStack() as held:
        if args.resume and Path(args.resume).is_dir():
            held.enter_context(Claim(Path(args.resume)))
        state, config = _state(args, out)
        if not args.resume:
            held.enter_context(Claim(state.folder))
        return _learned(args, make_arm, state, config, out)


def _learned(
    args: argparse.Namespace,
    make_arm: MakeArm,
    state: LearnRun,
    config: LearnConfig,
    out: Console,
) -> int:
    """Take a run to its end; return the exit code."""
    from rl_control.run.learn_loop import learn
    from rl_control.run.learn_report import reach_targets
    from rl_control.run.output import write_json
    from rl_control.run.run_files import begin_run
    from rl_control.run.run_recorder import tell_failure

    arm = make_arm(state, config)
    recorder = None if args.no_record else _recorder(state, config, arm, lock_step=not args.ros)
    run_file = begin_run(state.folder, "learn", arm.robot.name, state.seed)
    try:
        state = learn(arm, state, config, lambda line: out.print(line, highlight=False))
        report = reach_targets(arm, state, out)
        if state.settings["nominal"]:
            report["nominal"] = _nominal(make_arm, state, config, out)
    except KeyboardInterrupt:
        out.print(f"stopped; go on with: rl_control learn --resume {state.folder}")
        raise
    finally:
        arm.close()
        if recorder is not None:
            recorder.close()
            tell_failure(recorder, out)
    write_json(state.folder / "result.json", report)
    run_file.ended(report)
    out.print(f"left {state.folder}", soft_wrap=True)
    if args.json:
        write_json(args.json, report)
    return 0 if report["reached"] == report["targets"] else 1


def _recorder(
    state: LearnRun, config: LearnConfig, arm: LearningArm, lock_step: bool
) -> RunRecorder:
    """What records all that `arm` does from now on; its planner is set as a replay's would be."""
    import time

    from rl_control.robot.kinematics import Kinematics
    from rl_control.run.counterfactual_settings import DoubtConfig, ReplayConfig
    from rl_control.run.run_recorder import RunRecorder

    given, doubt = state.settings, DoubtConfig(config.doubt)
    settings = ReplayConfig(
        planner=config.planner, mpc=config.mpc, sampling=config.sampling,
        robot=given["robot"], base=given["base"] or "", tip=given["tip"] or "",
        rate=1.0 / state.data.dt, lock_step=lock_step, task=arm.task,
        model=str(state.folder), learned=doubt,
    )  # fmt: skip
    kinematics = Kinematics(arm.robot)
    recorder = RunRecorder(
        state.folder, arm.robot, settings, time.time_ns(),
        tip_positions=lambda positions: kinematics.batch(positions)[0],
    )  # fmt: skip
    arm.record(recorder)
    return recorder


def _state(args: argparse.Namespace, out: Console) -> tuple[LearnRun, LearnConfig]:
    """A new run, or the one to resume, and its settings."""
    from dataclasses import replace

    from rl_control.config import flatten, from_args, from_flat
    from rl_control.control.excite_settings import THOROUGH
    from rl_control.paths import new_run_dir
    from rl_control.robot.description import load_robot
    from rl_control.run.learn_run import LearnRun, resume
    from rl_control.run.learn_settings import LearnConfig

    if args.resume:
        state = resume(Path(args.resume))
        out.print(f"going on after {state.data.seconds:.1f} s of motion", highlight=False)
        return state, from_flat(LearnConfig, state.settings["learn"], "state.json")
    config = from_args(LearnConfig, args)
    if config.fit.base == "none":
        config = from_args(LearnConfig, args, LearnConfig(excitation=THOROUGH))
    if args.from_nothing:
        config = replace(config, fit=replace(config.fit, known=False))
    names = (
        *("robot", "base", "tip", "payload", "damping", "friction", "targets", "nominal"),
        *("state_topic", "command_topic"),
    )
    settings = {name: getattr(args, name) for name in names}
    settings["learn"] = flatten(config)
    robot = load_robot(args.robot, base=args.base, tip=args.tip)
    folder = new_run_dir("learn", args.runs)
    return LearnRun.begin(folder, robot.names, args.seed, settings), config


def simulated_arm(state: LearnRun, config: LearnConfig) -> LearningArm:
    """The simulated arm, which is not as its description says."""
    from rl_control.robot.description import load_robot
    from rl_control.robot.settings import load_settings
    from rl_control.run.learn_arm import LearningArm, simulated
    from rl_control.run.robot_flags import plant_config

    given = state.settings
    robot = load_robot(given["robot"], base=given["base"], tip=given["tip"])
    plant = plant_config(argparse.Namespace(**given))
    return LearningArm(robot, load_settings(given["robot"]), simulated(robot, plant), config)


def _nominal(
    make_arm: MakeArm, state: LearnRun, config: LearnConfig, out: Console
) -> dict[str, Any]:
    """The same targets by an arm that plans with its description."""
    from dataclasses import replace

    from rl_control.data.transitions import TransitionDataset
    from rl_control.models.learned import rigid_model
    from rl_control.models.mechanics import Mechanics
    from rl_control.run.learn_report import reach_targets

    arm = make_arm(state, replace(config, fit=replace(config.fit, known=True)))
    try:
        arm.use(rigid_model(Mechanics(arm.robot), config.fit.dt))
        out.print("planning with the arm as described:")
        untaught = TransitionDataset.empty(state.data.names, state.data.dt)
        return reach_targets(arm, replace(state, data=untaught, versions=(), episodes=()), out)
    finally:
        arm.close()
