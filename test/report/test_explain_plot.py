"""Pictures of a run are drawn whatever it holds."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from rl_control.report.counterfactual_plot import plot_counterfactual
from rl_control.report.explain_plot import AROUND, Explained, plot_explained

TIMES = np.arange(0.0, 3.0, 0.005)


def explained(**changes):
    swing = np.sin(20.0 * TIMES)[:, None] * np.array([1.0, 0.2])
    usual = {
        "names": ("a", "b"), "times": TIMES, "velocities": swing, "commands": 5.0 * swing,
        "asked": np.full_like(swing, np.nan), "speed_limits": np.array([2.0, 1.0]),
        "effort_limits": np.array([10.0, 4.0]), "title": "a run",
        "events": ((0.5, 0.5, "goal"), (1.0, 1.4, "shook"), (2.9, 2.9, "something new")),
    }  # fmt: skip
    return Explained(**{**usual, **changes})


def drawn(tmp_path, monkeypatch, run, around):
    """Draw, and return the figure before it is thrown away."""
    from matplotlib.figure import Figure

    figures = []
    save = Figure.savefig

    def keep(self, path, **options):
        figures.append(self)
        save(self, path, **options)

    monkeypatch.setattr(Figure, "savefig", keep)
    plot_explained(tmp_path / "why.png", run, around)
    assert (tmp_path / "why.png").read_bytes()[1:4] == b"PNG"
    return figures[0]


def test_when_a_moment_is_asked_about_expect_the_time_around_it_only(tmp_path, monkeypatch):
    figure = drawn(tmp_path, monkeypatch, explained(), 1.2)
    events, speeds, efforts = figure.axes
    assert efforts.get_xlim() == pytest.approx((1.2 - AROUND, 1.2 + AROUND))
    assert [label.get_text() for label in events.get_yticklabels()] == ["shook"]
    x, y = speeds.lines[0].get_data()
    inside = np.abs(TIMES - 1.2) <= AROUND
    np.testing.assert_array_equal(x, TIMES[inside])
    np.testing.assert_allclose(y, np.sin(20.0 * TIMES[inside]) / 2.0)


def test_when_a_whole_run_is_drawn_expect_all_events(tmp_path, monkeypatch):
    figure = drawn(tmp_path, monkeypatch, explained(), None)
    kinds = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert kinds == ["goal", "shook", "something new"]


def test_when_nothing_happened_expect_a_picture_all_the_same(tmp_path, monkeypatch):
    assert drawn(tmp_path, monkeypatch, explained(events=()), None).axes


def test_when_commands_lack_expect_the_difference_where_there_are_some(tmp_path, monkeypatch):
    from matplotlib.figure import Figure

    figures = []
    save = Figure.savefig
    monkeypatch.setattr(
        Figure, "savefig", lambda self, p, **o: (figures.append(self), save(self, p, **o))
    )
    recorded = np.column_stack([np.sin(TIMES), np.cos(TIMES)])
    recorded[:50] = np.nan
    own = np.nan_to_num(recorded) + 0.5
    plot_counterfactual(
        tmp_path / "both.png", ("a", "b"), TIMES, recorded, own, np.array([1.2, 9.0]),
        ("N m", "N"), "what if",
    )  # fmt: skip
    left, right = figures[0].axes[:2]
    np.testing.assert_allclose(right.lines[0].get_ydata()[50:], 0.5)
    # The limit is drawn where a command comes near it.
    assert len(left.lines) == 4
    assert len(figures[0].axes[2].lines) == 2
