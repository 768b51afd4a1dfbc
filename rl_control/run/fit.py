"""`rl_control fit`: a dynamics model from recorded motion, and whether to plan on it."""

from __future__ import annotations

import argparse
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from rl_control.errors import ConfigError, MissingDependencyError

if TYPE_CHECKING:
    from rich.console import Console

    from rl_control.models.fit_settings import FitConfig
    from rl_control.robot.model import RobotModel
    from rl_control.run.fit_report import Fit
    from rl_control.run.fit_training import Training

HELP = "fit a dynamics model to recorded motion, and judge it"
DESCRIPTION = """\
Finds an arm's masses and friction from recorded motion, lets networks or a Gaussian process learn
what the rigid body leaves, and judges the model on rollouts held out: how far it foretells them,
beside the arm as described and constant velocity, and whether it knows its own errors. Leaves the
model, a picture and the training's figures in a folder under runs/. During training Ctrl-C keeps
the best networks so far. Exit status 1: the model is saved, but is not fit to plan on.

DATA is a file of transitions, the folder of a run that left one (rl_control collect), or a ROS bag
with joint states and effort commands; several are joined.

examples:
  rl_control fit runs/collect-20260131-120000 --robot iiwa7
  rl_control fit bag1 bag2 --robot my_arm.urdf --tip tool --output arm.safetensors
  rl_control fit runs/collect-* --robot panda --fit.residual ensemble --json result.json
"""
MODEL_FILE, PICTURE = "model.safetensors", "fit.png"
_CONTROL_PERIOD = 0.005  # [s] at which bags are resampled, or the nearest that divides a step
_FIT, _BAG = "fit.", "bag."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line arguments."""
    from rl_control.config import add_flags
    from rl_control.models.fit_settings import FitConfig
    from rl_control.run.load_motion import BagConfig
    from rl_control.run.output import add_json_argument
    from rl_control.run.robot_flags import add_robot_flags

    parser.description = DESCRIPTION
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("data", nargs="+", metavar="DATA", help="recorded motion, see above")
    add_robot_flags(parser, default=None)
    parser.add_argument(
        "--seed", type=int, default=0, help="of what is held out and of networks, default 0"
    )
    parser.add_argument(
        "--output", metavar="FILE", help=f"the model's file (default: {MODEL_FILE} under runs/)"
    )
    add_json_argument(parser)
    add_flags(parser, FitConfig, _FIT, "settings of the fit")
    add_flags(parser, BagConfig, _BAG, "settings of bags")


def run(args: argparse.Namespace) -> int:
    """Fit, judge, save, print and draw; return the exit code.

    Raises:
        ConfigError: if a flag cannot be used.
        DataError: if the motion cannot be used, or the model not be written.
        RlControlError: if the robot cannot be used.
    """
    from rl_control.models.store import save_model
    from rl_control.paths import new_run_dir
    from rl_control.report.table import console
    from rl_control.robot.description import load_robot
    from rl_control.run.fit_report import print_report
    from rl_control.run.fit_training import Training
    from rl_control.run.output import check_writable, write_json

    config = _config(args)
    check_writable(args.json)
    check_writable(args.output, "--output")
    out = console()
    robot = load_robot(args.robot, base=args.base, tip=args.tip)
    # A run that fails before there is anything to leave shall leave no folder.
    folder = cache(lambda: new_run_dir("fit"))
    training = Training(config.nets.epochs, folder, out)
    fit = _fit(args, robot, config, training, out)
    model_file = Path(args.output) if args.output else folder() / MODEL_FILE
    save_model(model_file, fit.result.model, fit.about())
    if args.json:
        write_json(args.json, fit.document())
    print_report(fit, out)
    out.print(f"left {model_file}", soft_wrap=True, markup=False)
    _draw(fit, training, folder() / PICTURE, out)
    return 0 if fit.result.verdict.usable else 1


def _config(args: argparse.Namespace) -> FitConfig:
    from rl_control.config import from_args
    from rl_control.models.fit_settings import FitConfig
    from rl_control.models.net_settings import NetConfig

    if args.seed < 0:
        raise ConfigError("command line", "--seed", f"found {args.seed}", "Give 0 or more.")
    return from_args(FitConfig, args, FitConfig(nets=NetConfig(seed=args.seed)), _FIT)


def _fit(
    args: argparse.Namespace,
    robot: RobotModel,
    config: FitConfig,
    training: Training,
    out: Console,
) -> Fit:
    import numpy as np

    from rl_control.config import from_args
    from rl_control.models.fit import fit_model
    from rl_control.run.fit_report import Fit
    from rl_control.run.load_motion import BagConfig, load_motion

    period = config.dt / max(1, round(config.dt / _CONTROL_PERIOD))
    with out.status("reading motion"):
        bags = from_args(BagConfig, args, prefix=_BAG)
        data, sources = load_motion(args.data, robot, period, bags)
    for source in sources:
        told = f"{source.source}: {source.seconds:.1f} s of motion, left out: {source.left_out}"
        out.print(told, soft_wrap=True, markup=False)
    with training:
        result = fit_model(
            robot, data, config, np.random.default_rng(args.seed),
            on_epoch=training.on_epoch, stop=training.stop,
        )  # fmt: skip
    if training.stopped:
        out.print(f"training stopped after epoch {len(training.history)}; the best is kept")
    return Fit(robot, config, args.seed, sources, result)


def _draw(fit: Fit, training: Training, path: Path, out: Console) -> None:
    """Draw the picture where that can be done: the model does not depend on it."""
    from rl_control.run.fit_picture import draw_fit

    try:
        draw_fit(fit, *training.errors(), path)
    except MissingDependencyError as error:
        out.print(f"no picture: {error}", soft_wrap=True, markup=False)
    else:
        out.print(f"left {path}", soft_wrap=True, markup=False)
