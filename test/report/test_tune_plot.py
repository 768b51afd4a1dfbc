"""The picture of a search."""

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from rl_control.report.tune_plot import TuneRecord, plot_tune


def record(trials=9, dimensions=5, held=6, **changes):
    rng = np.random.default_rng(0)
    keys = [f"task.weights.w{k}" for k in range(dimensions)]
    values = {
        "title": "an arm: a search",
        "unit": "settle time [s]",
        "costs": rng.uniform(0.5, 2.0, trials),
        "whole": [k % 3 != 1 for k in range(trials)],
        "chosen": trials - 1,
        "numbers": {key: rng.uniform(0.1, 10.0, trials) for key in keys},
        "log": frozenset(keys[:2]),
        "importance": dict.fromkeys(keys, 1.0 / dimensions),
        "before": rng.uniform(1.0, 2.0, held),
        "after": rng.uniform(0.5, 1.0, held),
    }
    return TuneRecord(**{**values, **changes})


@pytest.mark.parametrize(
    "drawn",
    [
        record(),
        record(trials=1, dimensions=1, whole=[True]),
        record(dimensions=7),
        record(held=0),
        record(costs=np.geomspace(0.01, 8.0, 9)),
        record(importance=dict.fromkeys([f"task.weights.w{k}" for k in range(5)], 0.0)),
    ],
    ids=["many", "one", "two rows", "not compared", "wide", "nothing mattered"],
)
def test_when_a_search_is_drawn_expect_a_picture(drawn, tmp_path):
    path = plot_tune(drawn, tmp_path / "tune.png")
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG")
    assert len(data) > 20_000
