"""Pictures of a camera out of messages, small enough for a panel."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image as ImageMessage

from rl_control.errors import ConfigError

Picture = NDArray[np.uint8]  # [H, W, 3], red, green, blue

# Encoding: number of channels, and where red, green and blue are among them.
_ENCODINGS = {
    "rgb8": (3, (0, 1, 2)),
    "bgr8": (3, (2, 1, 0)),
    "rgba8": (4, (0, 1, 2)),
    "bgra8": (4, (2, 1, 0)),
    "mono8": (1, (0, 0, 0)),
    "8UC1": (1, (0, 0, 0)),
    "8UC3": (3, (2, 1, 0)),
}
COMPRESSED = "/compressed"
"""What names of topics of compressed pictures end in, as image_transport has it."""


def kind_of(topic: str) -> type:
    """Return the type of the messages on a camera's topic, told by its name."""
    return CompressedImage if topic.endswith(COMPRESSED) else ImageMessage


def picture_of(message: ImageMessage | CompressedImage, widest: int) -> Picture:
    """Return a picture, [H, W, 3], thinned out until it is at most `widest` wide.

    Raises:
        ConfigError: if it is encoded in a way that is not known, is no picture, or its data are not
            as long as its size demands.
    """
    whole = _decoded(message) if isinstance(message, CompressedImage) else _raw(message)
    step = -(-whole.shape[1] // widest)
    return np.ascontiguousarray(whole[::step, ::step])


def _raw(message: ImageMessage) -> Picture:
    if message.encoding not in _ENCODINGS:
        raise ConfigError(
            "camera",
            "encoding",
            f"found '{message.encoding}'",
            f"Use {', '.join(_ENCODINGS)}, or a topic that ends in {COMPRESSED}.",
        )
    channels, order = _ENCODINGS[message.encoding]
    height, width, step = message.height, message.width, message.step
    data = np.frombuffer(message.data, dtype=np.uint8)
    if not width or step < width * channels or data.size != height * step:
        raise ConfigError(
            "camera",
            "data",
            f"found {data.size} bytes in rows of {step}, for {height} rows of {width} pixels",
            f"Send {channels} bytes a pixel of {message.encoding}.",
        )
    rows = data.reshape(height, step)[:, : width * channels]
    return rows.reshape(height, width, channels)[..., list(order)]


def _decoded(message: CompressedImage) -> Picture:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(BytesIO(bytes(message.data))) as image:
            return np.asarray(image.convert("RGB"))
    except (UnidentifiedImageError, OSError) as error:
        raise ConfigError(
            "camera",
            "data",
            f"no picture that can be read ({error})",
            "Publish JPEG or PNG, as image_transport does.",
        ) from None
