"""`rl_control report`: a run or a bag as one HTML file, with pictures and a film of the arm."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rl_control.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from rl_control.report.html.page import Film
    from rl_control.report.run_sheet import RunSheet
    from rl_control.robot.model import RobotModel

HELP = "a run or a bag as one HTML file, with pictures and a film of the arm"
DESCRIPTION = """\
Writes one HTML file that needs no other file and no network: key figures; joints, speeds and
torques against their limits, tip error, solve time, cost by term, and everything that happened on
a time line; tables; and the arm itself, in step with the pointer. Works with what is there: a bag
of another robot gives its joints; name that robot with --robot for limits and film. Of a training
run it shows success, error and cost, pictures and figures of all iterations.

examples:
  rl_control report runs/reach-20260101-120000
  rl_control report my_bag --output report.html --no-video
  rl_control report my_bag --robot my_arm.urdf --tip tool
"""
NAME = "report.html"
TRAINING = ("config.json", "state.json")  # only the folder of a training run has both


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line arguments."""
    parser.description = DESCRIPTION
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "run", metavar="RUN", help="folder of a run, of a bag, or one .mcap or .db3 file"
    )
    parser.add_argument(
        "--output", metavar="FILE", help=f"file to write; default {NAME} in RUN's folder"
    )
    parser.add_argument("--no-video", action="store_true", help="leave out the film of the arm")
    parser.add_argument(
        "--robot", metavar="NAME", help="name, or URDF or xacro file, in place of the bag's"
    )
    parser.add_argument("--base", metavar="LINK", help="base link of that robot")
    parser.add_argument("--tip", metavar="LINK", help="tip link of that robot")
    parser.add_argument(
        "--controller", default="", metavar="NODE", help="whose run, where a bag has several"
    )


def run(args: argparse.Namespace) -> int:
    """Write the report; return the exit code.

    Raises:
        RlControlError: if there is no run, or it or the robot cannot be read.
    """
    from rl_control.report.run_sheet import sheet_of
    from rl_control.report.table import console
    from rl_control.run.output import check_writable
    from rl_control.run.report_page import Told, report_page
    from rl_control.run.report_robot import source_of

    path, out = Path(args.run), console()
    output = Path(args.output) if args.output else _beside(path)
    if all((path / name).is_file() for name in TRAINING):
        check_writable(str(output), "--output")
        return _leave(output, _training(path), out)
    with out.status("reading"):
        source = source_of(path, args.controller, args.robot, args.base, args.tip)
        check_writable(str(output), "--output")
        limits = None if source.robot is None else source.robot.limits
        sheet = sheet_of(source.log, limits, source.tip_positions)
    film = None
    if source.robot is not None and not args.no_video:
        film = _film(source.robot, sheet, out)
    told = Told(str(path), _facts(path), source.robot, source.doubts)
    with out.status("drawing"):
        text = report_page(source.log, sheet, told, film)
    return _leave(output, text, out)


def _training(folder: Path) -> str:
    from rl_control.run.report_training import training_page
    from rl_control.run.train_run import resume

    return training_page(resume(folder))


def _leave(output: Path, text: str, out: Console) -> int:
    draft = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf-8")
        os.replace(draft, output)
    except OSError as error:
        draft.unlink(missing_ok=True)
        problem = f"{output} cannot be written ({error.strerror})"
        remedy = "Name a file on a disk with space left."
        raise ConfigError("command line", "--output", problem, remedy) from error
    size = output.stat().st_size / 1e6
    out.print(f"left {output} ({size:.1f} MB)", soft_wrap=True, markup=False, highlight=False)
    return 0


def _facts(path: Path) -> dict[str, Any]:
    """What run.json says: of a run's folder, or of the one around its bag."""
    from rl_control.data.bags.find import INSIDE_A_RUN
    from rl_control.run.run_files import read_run

    return read_run(path.parent if path.name.startswith(INSIDE_A_RUN) else path)


def _beside(path: Path) -> Path:
    """Where a report goes: into the folder of a run or a bag, or beside a file."""
    return path / NAME if path.is_dir() else path.with_name(f"{path.stem}.html")


def _film(robot: RobotModel, sheet: RunSheet, out: Console) -> Film | None:
    """Film the arm; a report without is better than none."""
    from rich.progress import track

    from rl_control.errors import RlControlError
    from rl_control.run.report_film import film_of

    try:
        return film_of(
            robot,
            sheet,
            lambda times: track(
                times, "filming", console=out, disable=not out.is_terminal, transient=True
            ),
        )
    except RlControlError as error:
        out.print(f"no film: {error}", markup=False, highlight=False)
        return None
