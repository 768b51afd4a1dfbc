"""Videos read back from their files."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("PIL")

from PIL import Image, ImageSequence

from rl_control.errors import MissingDependencyError, UnknownNameError
from rl_control.report.video import box_around, crop, motion_box, moved_in, write_video

COLORS = [(200, 30, 30), (30, 200, 30), (30, 30, 200)]


def moving_square() -> list[np.ndarray]:
    frames = []
    for k, color in enumerate(COLORS):
        frame = np.full((40, 60, 3), 240, dtype=np.uint8)
        frame[10:20, 10 * k : 10 * k + 10] = color
        frames.append(frame)
    return frames


def test_when_a_gif_is_written_expect_every_frame_with_its_colours(tmp_path):
    path = write_video(moving_square(), tmp_path / "run.gif", fps=20)
    with Image.open(path) as video:
        pictures = [np.asarray(f.convert("RGB")) for f in ImageSequence.Iterator(video)]
        assert video.info["duration"] == 50
    assert len(pictures) == 3
    for picture, frame in zip(pictures, moving_square(), strict=True):
        assert np.abs(picture.astype(int) - frame.astype(int)).max() <= 8


def test_when_the_gif_is_written_expect_it_to_loop_for_ever(tmp_path):
    with Image.open(write_video(moving_square(), tmp_path / "run.gif", fps=10)) as video:
        assert video.info["loop"] == 0


def test_when_the_format_is_unknown_expect_the_valid_ones_named(tmp_path):
    with pytest.raises(UnknownNameError, match=r"\.gif, \.mp4"):
        write_video(moving_square(), tmp_path / "run.avi", fps=10)


def test_when_ffmpeg_is_missing_expect_the_remedy_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(MissingDependencyError, match="pip install"):
        write_video(moving_square(), tmp_path / "run.mp4", fps=10)


def test_when_something_moves_expect_a_box_around_it():
    top, bottom, left, right = motion_box(moving_square(), margin=0.0)
    assert (top, left) == (10 / 40, 0.0)
    assert bottom == pytest.approx(19 / 40)
    assert right == pytest.approx(29 / 60)


@settings(max_examples=50, deadline=None)
@given(st.sets(st.tuples(st.integers(0, 19), st.integers(0, 29)), min_size=1), st.floats(0.0, 0.5))
def test_when_pixels_are_of_interest_expect_all_of_them_in_the_box_and_no_more(chosen, margin):
    pixels = np.zeros((20, 30), dtype=bool)
    rows, columns = np.array(sorted(chosen)).T
    pixels[rows, columns] = True
    top, bottom, left, right = box_around(pixels, margin)
    for ends, places, count in (((top, bottom), rows, 20), ((left, right), columns, 30)):
        assert ends[0] == pytest.approx(max(0.0, places.min() / count - margin))
        assert ends[1] == pytest.approx(min(1.0, places.max() / count + margin))


def test_when_frames_differ_expect_the_pixels_that_do():
    moved = moved_in(moving_square())
    assert moved[10:20, :30].all()
    assert moved.sum() == 300


def test_when_nothing_moves_expect_the_whole_picture():
    still = [np.zeros((4, 4, 3), dtype=np.uint8)] * 3
    assert motion_box(still) == (0.0, 1.0, 0.0, 1.0)
    assert motion_box([]) == (0.0, 1.0, 0.0, 1.0)


def test_when_a_frame_is_cropped_expect_the_part_at_the_height_asked_for():
    frame = np.zeros((40, 60, 3), dtype=np.uint8)
    frame[:, 30:] = 200
    part = crop(frame, (0.0, 1.0, 0.5, 1.0), height=20)
    assert part.shape == (20, 14, 3)
    assert (part == 200).all()


def test_when_pillow_is_missing_expect_it_named_before_a_frame_is_drawn(tmp_path, monkeypatch):
    def frames():
        pytest.fail("a frame was drawn for nothing")
        yield

    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(MissingDependencyError, match=r"Pillow.*\[viz\]"):
        write_video(frames(), tmp_path / "run.gif", fps=10)
    assert list(tmp_path.iterdir()) == []
