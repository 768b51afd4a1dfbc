"""The picture of a fit shows the numbers it is given, whatever is missing among them."""

from __future__ import annotations

import builtins
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from matplotlib.figure import Figure
from PIL import Image

from rl_control.errors import MissingDependencyError
from rl_control.report.fit_plot import COASTING, DESCRIBED, MODEL, FitRecord, Foreseen, plot_fit

SECONDS = np.array([0.02, 0.2, 0.5, 1.0])


def record(n: int = 2, networks: int = 3) -> FitRecord:
    rng = np.random.default_rng(0)
    rising = SECONDS[:, None] ** 2 * rng.uniform(0.5, 2.0, n)
    shares = np.linspace(0.1, 0.9, 5)
    times = 0.02 * np.arange(51) + np.array([[0.0], [1.5]])
    measured = np.sin(times[..., None] + np.arange(n))
    epochs = np.arange(1.0, 9.0) if networks else np.empty(0)
    return FitRecord(
        title="an arm",
        names=tuple(f"arm_joint_{j + 1}" for j in range(n)),
        unit="rad",
        seconds=SECONDS,
        errors={MODEL: 0.01 * rising, DESCRIBED: 0.1 * rising, COASTING: rising},
        shares=shares,
        held=shares[:, None] ** rng.uniform(0.5, 2.0, 2 * n),
        epochs=epochs,
        learning=rng.uniform(0.1, 0.5, (len(epochs), networks)),
        worst=Foreseen("the worst", times, measured, measured + 0.1),
    )


@pytest.fixture
def drawn(monkeypatch, tmp_path):
    """`drawn(record)`: the axes that were drawn."""
    figures = []
    monkeypatch.setattr(Figure, "savefig", lambda self, path, **_: figures.append(self))

    def draw(fit):
        plot_fit(fit, tmp_path / "fit.png")
        return [axis for part in figures[-1].subfigs for axis in part.axes]

    return draw


def curves(axis, least_points=3):
    return [line for line in axis.lines if len(line.get_xdata()) >= least_points]


@pytest.mark.parametrize(("n", "networks"), [(1, 0), (6, 3)])
def test_when_a_fit_is_drawn_expect_a_picture_with_something_in_it(tmp_path, n, networks):
    path = plot_fit(record(n, networks), tmp_path / "fit.png")
    picture = np.asarray(Image.open(path).convert("RGB"))
    assert picture.shape[1] == 1300
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 50


def test_when_errors_are_drawn_expect_each_joint_and_their_root_mean_square(drawn):
    fit = record()
    axis = drawn(fit)[0]
    shown = np.array([line.get_ydata() for line in curves(axis)])
    wanted = [
        row
        for errors in fit.errors.values()
        for row in (*errors.T, np.sqrt((errors**2).mean(axis=1)))
    ]
    assert np.allclose(shown, wanted)
    assert [text.get_text() for text in axis.get_legend().get_texts()] == list(fit.errors)


def test_when_coverage_is_drawn_expect_a_curve_for_every_state(drawn):
    fit = record()
    shown = {tuple(line.get_ydata()) for line in curves(drawn(fit)[1])}
    assert shown == {tuple(column) for column in fit.held.T}


def test_when_networks_rest_expect_their_curves_to_end_and_the_kept_epoch_marked(drawn):
    fit = record()
    fit.learning[5:, 1] = np.nan
    axis = drawn(fit)[2]
    lines = [line.get_ydata() for line in axis.lines]
    assert np.array_equal(np.array(lines[:3]), fit.learning.T, equal_nan=True)
    assert [float(mark[0]) for mark in lines[3:]] == np.nanmin(fit.learning, axis=0).tolist()


def test_when_there_are_no_networks_expect_no_panel_of_learning(drawn):
    assert len(drawn(record(networks=3))) == len(drawn(record(networks=0))) + 1


def test_when_a_prediction_runs_away_expect_the_measured_motion_still_seen(drawn):
    fit = record()
    fit.worst.predicted[..., 1] *= 1e6
    fit.worst.predicted[:, -1, 1] = np.inf
    axis = drawn(fit)[-1]
    low, high = axis.get_ylim()
    assert high - low < 4.0
    assert np.array_equal(curves(axis)[0].get_ydata(), fit.worst.measured[0, :, 1])


def test_when_nothing_can_be_foretold_expect_a_picture_without_the_worst(tmp_path):
    fit = replace(record(), worst=None)
    fit.errors[MODEL][:] = np.inf
    lower = Image.open(plot_fit(fit, tmp_path / "none.png"))
    assert lower.height < Image.open(plot_fit(record(), tmp_path / "all.png")).height


def test_when_matplotlib_is_missing_expect_the_extra_to_install(monkeypatch, tmp_path):
    real = builtins.__import__

    def without(name, *rest):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingDependencyError, match=r"the picture of a fit.*\[viz\]"):
        plot_fit(record(), tmp_path / "fit.png")
