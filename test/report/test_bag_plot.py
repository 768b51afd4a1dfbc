"""The picture of a bag."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rl_control.report.bag_plot import BagPicture, plot_bag, thinned
from rl_control.report.plots import TargetMark
from rl_control.types import JointLimits

pytest.importorskip("matplotlib")


def picture(n=7, count=400):
    rng = np.random.default_rng(0)
    times = np.linspace(0.0, 4.0, count)
    names = tuple(f"arm_joint_{k}" for k in range(1, n + 1))
    waves = np.sin(times[:, None] + np.arange(n))
    return BagPicture(
        title="bag",
        names=names,
        times=times,
        positions=waves,
        velocities=np.cos(times[:, None] + np.arange(n)),
        command_times=times + 0.001,
        commands=20.0 * rng.standard_normal((count, n)),
    )


def height(path) -> int:
    from PIL import Image

    with Image.open(path) as image:
        return image.height


def test_when_all_is_known_expect_a_panel_for_each(tmp_path):
    bare = picture()
    n = len(bare.names)
    limits = JointLimits(
        bare.names, np.full(n, -2.0), np.full(n, 2.0), np.full(n, 1.5), np.full(n, 80.0)
    )
    full = replace(
        bare,
        limits=limits,
        targets=(TargetMark(0.5, np.zeros(3)), TargetMark(2.0, np.ones(3))),
        tips=np.outer(bare.times, [0.1, 0.2, 0.3]),
    )
    heights = [height(plot_bag(bag, tmp_path / "x.png")) for bag in (full, bare)]
    assert heights[0] > heights[1]


def test_when_only_positions_are_there_expect_one_panel(tmp_path):
    full = picture(2)
    only = replace(
        full,
        velocities=np.full_like(full.velocities, np.nan),
        command_times=np.empty(0),
        commands=np.empty((0, 2)),
    )
    assert height(plot_bag(only, tmp_path / "a.png")) < height(plot_bag(full, tmp_path / "b.png"))


@pytest.mark.parametrize("count", [1, 2])
def test_when_there_is_hardly_a_state_expect_a_picture(tmp_path, count):
    assert plot_bag(picture(2, count), tmp_path / "x.png").stat().st_size > 5000


def test_when_a_curve_is_thinned_expect_its_peaks_kept():
    rng = np.random.default_rng(0)
    times = np.arange(100_000.0)
    values = rng.standard_normal(100_000)
    values[54_321], values[77] = 100.0, -100.0
    values[1000:1100] = np.nan
    thin_times, thin = thinned(times, values, 2000)
    assert len(thin) <= 2000
    assert (np.diff(thin_times) > 0.0).all()
    assert thin_times[np.nanargmax(thin)] == 54_321
    assert thin_times[np.nanargmin(thin)] == 77
    np.testing.assert_array_equal(values[thin_times.astype(int)], thin)


def test_when_a_curve_is_short_expect_it_as_it_is():
    times, values = np.arange(10.0), np.arange(10.0)
    assert thinned(times, values)[1] is values
