"""How well an arm reaches targets after it has learned."""

from __future__ import annotations

from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

from rl_control.report.metrics import percentile
from rl_control.run.environment import machine, versions
from rl_control.run.learn_arm import LearningArm
from rl_control.run.learn_run import LearnRun

TOLERANCES = (0.002, 0.005, 0.01)  # [m]


def reach_targets(arm: LearningArm, state: LearnRun, out: Console) -> dict[str, Any]:
    """Reach targets that were not trained on; print and return how it went."""
    targets = arm.targets(state.settings["targets"], np.random.default_rng(state.seed))
    results = [
        arm.reach(target)[1]
        for target in track(
            targets, "reaching targets", console=out, disable=not out.is_terminal, transient=True
        )
    ]
    errors = np.array([result.final_error_m for result in results])
    settled = np.array([r.settle_time_s for r in results if r.settle_time_s is not None])
    within = {f"{1e3 * t:g} mm": int((errors <= t).sum()) for t in TOLERANCES}
    if results:
        out.print(
            f"after {state.data.seconds:.1f} s of motion: settled at {len(settled)} of "
            f"{len(results)} targets, median error {1e3 * np.median(errors):.2f} mm, worst "
            f"{1e3 * errors.max():.2f} mm; "
            + ", ".join(f"{count} within {name}" for name, count in within.items()),
            highlight=False,
        )
    return {
        "robot": arm.robot.name,
        "seed": state.seed,
        "settings": state.settings,
        "motion_s": state.data.seconds,
        "rollouts": len(state.data.sources),
        "versions": state.versions,
        "episodes": state.episodes,
        "targets": len(results),
        "reached": len(settled),
        "within": within,
        "error_m": {"p50": percentile(errors, 50), "max": percentile(errors, 100)},
        "settle_time_s": {"p50": percentile(settled, 50), "max": percentile(settled, 100)},
        "results": results,
        "software": versions(),
        "machine": machine(),
    }
