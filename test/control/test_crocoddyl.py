"""The canonical problem: the same optimum as Crocoddyl's solvers, which share no code of ours."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from rl_control.control.ilqr import IlqrConfig

pytest.importorskip("crocoddyl")
BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def peer():
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import crocoddyl_peer
    finally:
        sys.path.remove(str(BENCHMARKS))
    return crocoddyl_peer


@pytest.fixture(scope="module")
def ours(peer):
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import canonical
        from ours import Compiled
    finally:
        sys.path.remove(str(BENCHMARKS))
    from rl_control.robot.description import load_robot

    return Compiled(load_robot(canonical.ROBOT, tip=canonical.TIP), canonical.DT)


@pytest.mark.parametrize("bounded", [False, True])
@pytest.mark.parametrize("target", [1, 4, 8])
def test_when_the_problem_is_canonical_expect_crocoddyls_optimum(peer, ours, target, bounded):
    import canonical

    arm = peer.iiwa()
    tips = peer.tip_positions(arm, canonical.target_postures())
    limits = canonical.TIGHT_EFFORT if bounded else None
    problem = canonical.Canonical(tips[target], 50, limits)
    np.testing.assert_allclose(tips[target], ours.tips(canonical.target_postures())[target])
    theirs = peer.solve(problem, arm, repeats=1)
    found = ours.solve(problem, IlqrConfig(iterations=300, tolerance=1e-12), repeats=1)
    assert found.converged
    assert found.cost == pytest.approx(theirs.cost, rel=1e-6)
    assert found.cost <= theirs.cost * (1.0 + 1e-6)
