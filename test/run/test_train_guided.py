"""`rl_control train --method guided`: the loop that serves one method serves the other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pybullet")
pytest.importorskip("torch")

from rl_control.cli import main
from rl_control.policy.store import load_policy
from rl_control.run.train_run import resume

TINY = (
    *("reach", "--robot", "planar2", "--method", "guided", "--workers", "0", "--seed", "2"),
    *("--episode", "duration=0.4", "dt=0.05", "--train.trials", "2", "--guided.rollouts", "2"),
    *("--guided.rehearsals", "1", "--guided.rehearsed", "3"),
    *("--guided.policy.epochs", "2", "--guided.policy.hidden", "8"),
)


def trained(folder: Path, iterations: int, *words: str) -> bytes:
    words = (*(words or TINY), "--iterations", str(iterations), "--out", str(folder))
    assert main(["train", *words]) == 0
    return (folder / "metrics.csv").read_bytes()


def test_when_a_planner_teaches_expect_a_resumed_run_to_equal_the_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    figures = trained(whole, 2)
    trained(cut, 1)
    assert trained(cut, 2, *TINY, "--resume") == figures
    policies = [load_policy(resume(folder).policy)[0] for folder in (whole, cut)]
    for one, other in zip(*(policy.weights for policy in policies), strict=True):  # type: ignore[union-attr]
        np.testing.assert_array_equal(one, other)
    said = capsys.readouterr().out
    assert "never seen" in said and "where trained" not in said
    assert np.isnan(resume(whole).rows[-1]["trained_success"])


def test_when_nothing_is_left_to_do_expect_an_end_before_the_iterations_asked_for(
    tmp_path: Path,
) -> None:
    trained(tmp_path, 4, *TINY, "--guided.iterations", "2")
    assert resume(tmp_path).iterations == 2
