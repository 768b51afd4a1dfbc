"""Lines and words on camera pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rl_control.report.video import Frame
from rl_control.types import Array

_SIZE = 13  # of letters, in pixels
_LINE = 18  # height of a line of text, in pixels
_MARGIN = 7  # pixels around words


@dataclass(frozen=True)
class Stroke:
    """A line on a picture.

    Attributes:
        points: that it goes through, [N, 2]: shares of width and height, from the upper left.
        color: such as "#24292f".
        width: in pixels.
    """

    points: Array
    color: str
    width: int


def drawn_on(frame: Frame, strokes: Sequence[Stroke]) -> Frame:
    """Return a picture, [H, W, 3], with lines on it, in their order."""
    from PIL import Image, ImageDraw

    picture = Image.fromarray(frame)
    pen = ImageDraw.Draw(picture)
    for stroke in strokes:
        corners = stroke.points * picture.size
        pen.line(list(corners.ravel()), fill=stroke.color, width=stroke.width, joint="curve")
    return np.asarray(picture)


def captioned(frame: Frame, words: Sequence[tuple[str, str]]) -> Frame:
    """Return a picture, [H, W, 3], below a strip with lines of text, [H + h, W, 3] with an even h.

    Args:
        frame: the picture.
        words: (text, colour) of each line.
    """
    from PIL import Image, ImageDraw, ImageFont

    strip = Image.new("RGB", (frame.shape[1], 2 * _MARGIN + _LINE * len(words)), "white")
    pen, font = ImageDraw.Draw(strip), ImageFont.load_default(_SIZE)
    for number, (text, color) in enumerate(words):
        pen.text((_MARGIN, _MARGIN + _LINE * number), text, fill=color, font=font)
    return np.concatenate([np.asarray(strip), frame])
