"""The file run.json in a run's folder: what was started, where, how, and what came of it."""

from __future__ import annotations

import json
import shlex
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rl_control.data.bags.find import INSIDE_A_RUN
from rl_control.errors import DataError

FILE = "run.json"
PROGRAM = "rl_control"


@dataclass(frozen=True)
class RunFile:
    """The file run.json of a run that goes on.

    Attributes:
        folder: of the run.
        facts: what is known since its start.
    """

    folder: Path
    facts: dict[str, Any]

    def ended(self, result: Any) -> None:
        """Add what came of it."""
        from rl_control.run.output import write_json

        seconds = time.time() - self.facts["started_s"]
        write_json(self.folder / FILE, {**self.facts, "took_s": seconds, "result": result})


def begin_run(folder: Path, verb: str, robot: str, seed: int | None = None) -> RunFile:
    """Write run.json of a run that begins; it has no result until `ended` is called.

    Args:
        folder: of the run; it exists.
        verb: what runs.
        robot: the arm's name.
        seed: of what is random, if anything is.
    """
    from rl_control.run.environment import machine, versions
    from rl_control.run.output import write_json

    now = time.time()
    facts = {
        "verb": verb,
        "robot": robot,
        "seed": seed,
        "command": command_line(),
        "started": time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(now)),
        "started_s": now,
        "versions": versions(),
        "machine": machine(),
    }
    write_json(folder / FILE, {**facts, "took_s": None, "result": None})
    return RunFile(folder, facts)


def free_bag(folder: Path) -> Path:
    """Return the first name for a bag in a run's folder that is free: a resumed run has several."""
    number, bag = 1, folder / INSIDE_A_RUN
    while bag.exists():
        number += 1
        bag = folder / f"{INSIDE_A_RUN}-{number}"
    return bag


def command_line() -> str:
    """Return the command that this process was started by; "" if that was another program's."""
    program = Path(sys.argv[0])
    ours = program.name == PROGRAM or program.parent.name == PROGRAM
    return shlex.join([PROGRAM, *sys.argv[1:]]) if ours else ""


def read_run(folder: Path) -> dict[str, Any]:
    """Return what run.json of a folder says; empty if there is none.

    Raises:
        DataError: if it is damaged.
    """
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except ValueError as error:
        raise _damaged(folder, str(error)) from None
    if not isinstance(found, dict):
        raise _damaged(folder, "no mapping of names to values")
    return found


def _damaged(folder: Path, problem: str) -> DataError:
    return DataError(folder / FILE, f"damaged ({problem})", "Remove it: the bag is enough.")
