"""iLQR against Crocoddyl on the canonical problem, and how its time grows. One thread each.

python benchmarks/ilqr.py [--quick] [--json FILE]

Both solvers run in one process, target by target, each from u = g(q0), until they say that they
have converged (at most 100 iterations). Without crocoddyl and pin only our own numbers appear.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before the libraries load

import argparse
import statistics
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from canonical import (
    DT,
    HORIZONS,
    ROBOT,
    TIGHT_EFFORT,
    TIP,
    URDF_EFFORT,
    Array,
    Canonical,
    Solved,
    target_postures,
)
from chains import TIP as CHAIN_TIP
from chains import chain_urdf
from ours import Compiled

from rl_control.control.ilqr import IlqrConfig
from rl_control.report.table import console, number, table
from rl_control.robot.description import load_robot
from rl_control.run.environment import machine, machine_line, versions
from rl_control.run.output import add_json_argument, check_writable, write_json

try:
    import crocoddyl_peer as peer
except ImportError:
    peer = None  # type: ignore[assignment]

SAME = 1e-6  # relative difference in cost of one and the same optimum
LIMITS = {"none": None, "URDF": URDF_EFFORT, "tight": TIGHT_EFFORT}
GROWTH_STEPS = (25, 50, 100, 200)
GROWTH_JOINTS = (2, 3, 4, 5, 6, 7, 8, 10, 12, 14)
ITERATIONS = 100


@dataclass(frozen=True)
class Pair:
    """Both solvers' answers to one instance; `theirs` is None without the peer."""

    problem: Canonical
    ours: Solved
    theirs: Solved | None

    @property
    def same(self) -> bool:
        """Whether both found one optimum."""
        if self.theirs is None:
            return False
        return abs(self.ours.cost - self.theirs.cost) <= SAME * max(1.0, abs(self.theirs.cost))


@dataclass(frozen=True)
class Arm:
    """One arm in both libraries."""

    ours: Compiled
    theirs: Any


def both(arm: Arm, problem: Canonical, repeats: int) -> Pair:
    """Solve one instance with both, one right after the other."""
    ours = arm.ours.solve(problem, IlqrConfig(iterations=ITERATIONS), repeats)
    theirs = peer.solve(problem, arm.theirs, ITERATIONS, 1e-9, repeats) if peer else None
    return Pair(problem, ours, theirs)


def medians(pairs: list[Pair]) -> dict[str, float | None]:
    """Return medians over targets of both times and iterations, and the ratio of the times."""
    ours = statistics.median(pair.ours.ms_per_iteration for pair in pairs)
    found: dict[str, float | None] = {
        "ms_per_iteration": ours,
        "iterations": statistics.median(pair.ours.iterations for pair in pairs),
        "solve_ms": statistics.median(1e3 * pair.ours.seconds for pair in pairs),
        "converged": sum(pair.ours.converged for pair in pairs),
    }
    theirs = [pair.theirs for pair in pairs if pair.theirs is not None]
    if theirs:
        peer_ms = statistics.median(solved.ms_per_iteration for solved in theirs)
        ratios = [p.ours.ms_per_iteration / p.theirs.ms_per_iteration for p in pairs if p.theirs]
        found |= {
            "peer_ms_per_iteration": peer_ms,
            "peer_iterations": statistics.median(solved.iterations for solved in theirs),
            "peer_solve_ms": statistics.median(1e3 * solved.seconds for solved in theirs),
            "peer_converged": sum(solved.converged for solved in theirs),
            "ratio": statistics.median(ratios),
            "same_optimum": sum(pair.same for pair in pairs),
            "lower_cost": sum(
                not pair.same and pair.ours.cost < pair.theirs.cost for pair in pairs if pair.theirs
            ),
        }
    return found


def side_by_side(arm: Arm, targets: Array, repeats: int, out: Any) -> list[dict[str, Any]]:
    """Solve every target with every limit and horizon; print and return the table."""
    results = []
    for horizon in HORIZONS:
        for label, limits in LIMITS.items():
            with out.status(f"N = {horizon}, limits: {label}"):
                pairs = [both(arm, Canonical(t, horizon, limits), repeats) for t in targets]
            results.append(
                {
                    "horizon": horizon,
                    "limits": label,
                    "targets": len(pairs),
                    **medians(pairs),
                    "instances": [_instance(pair) for pair in pairs],
                }
            )
    rows = [
        (
            str(r["horizon"]),
            r["limits"],
            number(r["ms_per_iteration"], 4),
            number(r.get("peer_ms_per_iteration"), 3),
            number(r.get("ratio"), 3),
            number(r["iterations"], 0),
            number(r.get("peer_iterations"), 0),
            number(r["solve_ms"], 2),
            number(r.get("peer_solve_ms"), 1),
            f"{r['same_optimum']}/{r['targets']}" if "same_optimum" in r else "-",
            number(r.get("lower_cost"), 0),
        )
        for r in results
    ]
    columns = (
        *("N", "limits", "ms/iter", "peer", "ratio", "iters", "peer"),
        *("solve ms", "peer", "same", "lower"),
    )
    title = (
        f"iLQR on {ROBOT}, median of {len(targets)} targets (peer: Crocoddyl FDDP / BoxFDDP)\n"
        "same: targets with one optimum; lower: where ours is another one and costs less"
    )
    out.print(table(title, columns, rows, left=2))
    for result in results:
        _print_other_minima(result, out)
    return results


def _instance(pair: Pair) -> dict[str, Any]:
    found = {
        "target": pair.problem.target,
        "cost": pair.ours.cost,
        "iterations": pair.ours.iterations,
        "ms_per_iteration": pair.ours.ms_per_iteration,
        "converged": pair.ours.converged,
    }
    if pair.theirs is not None:
        found |= {
            "same": pair.same,
            "peer_cost": pair.theirs.cost,
            "peer_iterations": pair.theirs.iterations,
            "peer_ms_per_iteration": pair.theirs.ms_per_iteration,
            "peer_converged": pair.theirs.converged,
        }
    return found


def _print_other_minima(result: dict[str, Any], out: Any) -> None:
    others = [
        f"{k}: {one['cost']:.4f} v {one['peer_cost']:.4f}"
        for k, one in enumerate(result["instances"])
        if not one.get("same", True)
    ]
    if others:
        out.print(
            f"  N = {result['horizon']}, {result['limits']}: other minima (target: ours v peer): "
            + "; ".join(others)
        )


def growth_with_steps(arm: Arm, target: Array, repeats: int) -> list[dict[str, Any]]:
    """Return times for growing horizons, without limits."""
    return [
        {"horizon": n, **medians([both(arm, Canonical(target, n), repeats)])} for n in GROWTH_STEPS
    ]


def growth_with_joints(repeats: int, horizon: int = 50) -> list[dict[str, Any]]:
    """Return times for chains of a growing number of joints, without limits."""
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for joints in GROWTH_JOINTS:
            path = Path(folder) / f"chain{joints}.urdf"
            path.write_text(chain_urdf(joints), encoding="utf-8")
            arm = Arm(
                Compiled(load_robot(path, tip=CHAIN_TIP), DT),
                peer.load(path, CHAIN_TIP) if peer else None,
            )
            q0 = 0.3 * np.resize([1.0, -1.0], joints)
            target = arm.ours.tips(np.array([q0 + 0.4]))[0]
            pair = both(arm, replace(Canonical(target, horizon), q0=q0), repeats)
            seconds = arm.ours.compile_seconds
            results.append({"joints": joints, "compile_s": seconds, **medians([pair])})
    return results


def print_growth(title: str, key: str, results: list[dict[str, Any]], out: Any) -> None:
    """Print one table of growth."""
    rows = [
        (
            str(r[key]),
            number(r["ms_per_iteration"], 4),
            number(r.get("peer_ms_per_iteration"), 3),
            number(r.get("ratio"), 3),
        )
        for r in results
    ]
    out.print(table(title, (key, "ms/iter", "peer", "ratio"), rows))


def main() -> None:
    """Run all parts and print their tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5, help="solves of which the median counts")
    parser.add_argument("--quick", action="store_true", help="5 targets, no growth")
    add_json_argument(parser)
    args = parser.parse_args()
    check_writable(args.json)
    out = console()
    out.print(machine_line(), soft_wrap=True)
    if peer is None:
        out.print("no peer: install crocoddyl 3.2.1 with pin 4.0.0 (extra [peers]) to compare")
    arm = Arm(Compiled(load_robot(ROBOT, tip=TIP), DT), peer.iiwa() if peer else None)
    targets = arm.ours.tips(target_postures(5 if args.quick else 20))
    result: dict[str, Any] = {
        "machine": machine(),
        "versions": versions(("numpy", "casadi", "llvmlite", "numba", "crocoddyl", "pin")),
        "side_by_side": side_by_side(arm, targets, args.repeats, out),
    }
    if not args.quick:
        result["steps"] = growth_with_steps(arm, targets[1], args.repeats)
        print_growth("Time against the horizon", "horizon", result["steps"], out)
        result["joints"] = growth_with_joints(args.repeats)
        print_growth("Time against the number of joints, N = 50", "joints", result["joints"], out)
    if args.json:
        write_json(args.json, result)


if __name__ == "__main__":
    main()
