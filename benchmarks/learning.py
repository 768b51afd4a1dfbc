"""What an arm learns from how much motion, over several seeds.

python benchmarks/learning.py [--only payload nothing-planar2 nets-planar2 ...] [--seeds 5]

payload: iiwa7 with 3 kg, damping of 1 N m s/rad and Coulomb friction of 1 N m in every joint, which
it does not know of; 30 s of motion, 100 targets. nothing-*: no mass and no inertia known; planar2
moves 10 times for 5 s, iiwa7 for at most 3 minutes. nets-planar2: nor are the equations of motion;
an ensemble of networks learns all from at most 10 times 5 s. intervals: the payload's motion again;
how often 90 % intervals hold, and how far a residual ensemble foretells 25 steps, beside the arm as
described.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from rl_control.cli import main as rl_control
from rl_control.models.fit import fit_model
from rl_control.models.fit_settings import FitConfig
from rl_control.models.net_settings import NetConfig
from rl_control.report.metrics import wilson_interval
from rl_control.report.table import console, number, table
from rl_control.robot.description import load_robot
from rl_control.run.environment import machine, machine_line, versions
from rl_control.run.learn_run import resume
from rl_control.run.output import add_json_argument, check_writable, write_json

PAYLOAD = ("--payload", "3", "--damping", "1", "--friction", "1")
PARTS = {
    "payload": ("iiwa7", (*PAYLOAD, "--nominal")),
    "nothing-planar2": (
        "planar2",
        ("--from-nothing", "--rollouts", "4", "--episodes", "6", "--episode_seconds", "5"),
    ),
    "nets-planar2": (
        "planar2",
        ("--from-nothing", "--fit.base", "none", "--fit.residual", "ensemble",
         "--rollouts", "4", "--episodes", "5", "--episode_seconds", "5"),
    ),
    "nothing-iiwa7": (
        "iiwa7", ("--from-nothing", "--rollouts", "12", "--episodes", "12", "--refit_every", "4"),
    ),
}  # fmt: skip
STEPS_AHEAD = 25


def learned(part: str, seed: int, targets: int, folder: Path) -> dict[str, Any]:
    """Run `rl_control learn` once; return its result."""
    import json

    robot, words = PARTS[part]
    folder.mkdir(parents=True, exist_ok=True)
    result = folder / f"{part}-{seed}.json"
    rl_control(
        ["learn", "--robot", robot, *words, "--targets", str(targets), "--seed", str(seed),
         "--runs", str(folder), "--json", str(result)]
    )  # fmt: skip
    return dict(json.loads(result.read_text(encoding="utf-8")))


def judged(runs: Path, seed: int) -> dict[str, Any]:
    """Fit a residual ensemble to a run's motion; return how well it foretells and knows itself."""
    robot = load_robot("iiwa7")
    data = resume(runs).data
    config = FitConfig(residual="ensemble", nets=NetConfig(seed=seed))
    found = fit_model(robot, data, config, np.random.default_rng(seed))
    verdict = found.verdict
    at = verdict.model.horizons.index(STEPS_AHEAD)
    return {
        "seed": seed,
        "coverage_90": float(verdict.intervals.nine_tenths.mean()),
        "coverage_90_least": float(verdict.intervals.nine_tenths.min()),
        "coverage_90_most": float(verdict.intervals.nine_tenths.max()),
        "error": float(verdict.model.typical[at]),
        "nominal": float(verdict.nominal.typical[at]),
    }


def summary(part: str, results: list[dict[str, Any]]) -> tuple[str, ...]:
    """One row for the table: all seeds of a part together."""
    errors = np.concatenate([[r["final_error_m"] for r in one["results"]] for one in results])
    counts = {key: sum(one["within"][key] for one in results) for key in results[0]["within"]}
    low, high = wilson_interval(counts["10 mm"], len(errors))
    nominal = [one["nominal"]["error_m"]["p50"] for one in results if "nominal" in one]
    return (
        part,
        str(len(results)),
        number(max(one["motion_s"] for one in results), 0),
        number(statistics.median(nominal), 1, 1e3) if nominal else "-",
        number(float(np.median(errors)), 2, 1e3),
        number(float(errors.max()), 2, 1e3),
        *(f"{count}/{len(errors)}" for count in counts.values()),
        f"{100 * low:.0f}-{100 * high:.0f} %",
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=[*PARTS, "intervals"])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--targets", type=int, default=100)
    add_json_argument(parser)
    args = parser.parse_args()
    check_writable(args.json)
    out = console()
    out.print(machine_line(), soft_wrap=True)
    chosen = args.only or [*PARTS, "intervals"]
    report: dict[str, Any] = {"machine": machine(), "versions": versions()}
    with tempfile.TemporaryDirectory() as name:
        rows = []
        for part in (part for part in PARTS if part in chosen):
            folder = Path(name) / part
            results = [learned(part, s, args.targets, folder) for s in range(args.seeds)]
            report[part] = results
            rows.append(summary(part, results))
        if rows:
            columns = (
                *("part", "seeds", "motion [s]", "nominal [mm]", "median [mm]", "worst [mm]"),
                *("2 mm", "5 mm", "10 mm", "10 mm, 95 %"),
            )
            out.print(table("Targets reached after learning", columns, rows))
        if "intervals" in chosen:
            report["intervals"] = intervals(Path(name) / "intervals", args.seeds, out)
    if args.json:
        write_json(args.json, report)


def intervals(folder: Path, seeds: int, out: Any) -> list[dict[str, Any]]:
    """The payload's motion for each seed, and an ensemble fitted to it."""
    found = []
    for seed in range(seeds):
        runs = folder / str(seed)
        learned("payload", seed, 0, runs)
        (run,) = (path for path in runs.iterdir() if path.is_dir())
        found.append(judged(run, seed))
    rows = [
        (
            str(one["seed"]),
            *(
                number(one[key], 1, 100.0, " %")
                for key in ("coverage_90", "coverage_90_least", "coverage_90_most")
            ),
            number(one["error"], 4),
            number(one["nominal"], 4),
            number(one["error"] / one["nominal"], 3),
        )
        for one in found
    ]
    columns = (
        *("seed", "90 % hold", "least state", "most state"),
        *("25 steps, ensemble", "as described", "ratio"),
    )
    out.print(table("Residual ensemble on motion held out", columns, rows))
    return found


if __name__ == "__main__":
    main()
