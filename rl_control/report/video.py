"""Camera frames into a short video: GIF with nothing but Pillow, MP4 where ffmpeg is installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rl_control.errors import MissingDependencyError, UnknownNameError

Frame = NDArray[np.uint8]

FORMATS = (".gif", ".mp4")


def write_video(frames: Iterable[Frame], path: str | Path, fps: float) -> Path:
    """Write `frames` as the video `path`, whose ending chooses the format; return the path.

    Args:
        frames: pictures, each [H, W, 3] uint8, of one size.
        path: ends in .gif or .mp4.
        fps: frames a second.

    Raises:
        UnknownNameError: if the ending is neither.
        MissingDependencyError: if Pillow, or for MP4 ffmpeg, is not installed.
    """
    path = Path(path)
    if path.suffix not in FORMATS:
        raise UnknownNameError("video format", path.suffix, FORMATS)
    if path.suffix == ".gif":
        _write_gif(frames, path, fps)
    else:
        _write_mp4(frames, path, fps)
    return path


def motion_box(frames: Sequence[Frame], margin: float = 0.08) -> tuple[float, float, float, float]:
    """Return where anything moves in `frames`: top, bottom, left, right as shares of the picture.

    Args:
        frames: pictures from one camera that stands still.
        margin: kept around it, as a share of the picture.
    """
    return box_around(moved_in(frames), margin) if len(frames) else (0.0, 1.0, 0.0, 1.0)


def moved_in(frames: Sequence[Frame]) -> NDArray[np.bool_]:
    """Return which pixels of pictures from a camera that stands still ever change, [H, W]."""
    moved = np.zeros(frames[0].shape[:2], dtype=bool)
    for frame in frames[1:]:
        moved |= (frame != frames[0]).any(axis=2)
    return moved


def box_around(pixels: NDArray[np.bool_], margin: float) -> tuple[float, float, float, float]:
    """Return where `pixels` [H, W] are: top, bottom, left, right; all of it if there are none.

    Args:
        pixels: of interest.
        margin: kept around them, as a share of the picture.
    """
    if not pixels.any():
        return 0.0, 1.0, 0.0, 1.0
    ends = []
    for axis in (1, 0):
        where = np.flatnonzero(pixels.any(axis=axis)) / pixels.shape[1 - axis]
        ends += [max(0.0, float(where[0]) - margin), min(1.0, float(where[-1]) + margin)]
    top, bottom, left, right = ends
    return top, bottom, left, right


def crop(frame: Frame, box: tuple[float, float, float, float], height: int) -> Frame:
    """Return the part `box` of `frame` (see `motion_box`), smoothly scaled to `height` pixels."""
    from PIL import Image

    rows, columns = frame.shape[:2]
    top, bottom, left, right = box
    edges = (left * columns, top * rows, right * columns, bottom * rows)
    width = round(height * (edges[2] - edges[0]) / (edges[3] - edges[1]))
    size = (2 * max(1, width // 2), height)  # an even width, which MP4 wants
    picture = Image.fromarray(frame).resize(size, Image.Resampling.BOX, box=edges)
    return np.asarray(picture)


def _write_gif(frames: Iterable[Frame], path: Path, fps: float) -> None:
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingDependencyError("Pillow", "a GIF of the run", "viz") from error
    frames = list(frames)  # not before: to draw them may take long
    # One palette for all frames: what does not move is then the same in each, and is not stored
    # again; a palette a frame would make the background shimmer and the file several times larger.
    palette = Image.fromarray(_mosaic(frames)).quantize(255, method=Image.Quantize.MEDIANCUT)
    pictures = [
        Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.NONE)
        for frame in frames
    ]
    first, *rest = pictures
    # GIF counts in hundredths of a second.
    duration = max(10 * round(100.0 / fps), 20)
    first.save(path, save_all=True, append_images=rest, duration=duration, loop=0, optimize=False)


def _mosaic(frames: Sequence[Frame], most: int = 8) -> Frame:
    """Return a few frames spread over the film, side by side."""
    chosen = np.unique(np.linspace(0, len(frames) - 1, most).round().astype(int))
    return np.concatenate([frames[k] for k in chosen], axis=1)


def _write_mp4(frames: Iterable[Frame], path: Path, fps: float) -> None:
    # imageio alone writes no MP4: its ffmpeg comes with the second one.
    for library in ("imageio", "imageio_ffmpeg"):
        if importlib.util.find_spec(library) is None:
            raise MissingDependencyError(library, "an MP4 of the run", "viz")
    import imageio.v2 as imageio

    writer: Any
    with imageio.get_writer(path, fps=fps, macro_block_size=2) as writer:
        for frame in frames:
            writer.append_data(frame)
