"""Pictures out of messages."""

from io import BytesIO

import numpy as np
import pytest

pytest.importorskip("rclpy")

from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image as ImageMessage

from rl_control.errors import ConfigError
from rl_control.ros.images import kind_of, picture_of

RED_GREEN_BLUE = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)


def message(pixels, encoding, padding=0):
    height, width = pixels.shape[:2]
    rows = np.pad(pixels.reshape(height, -1), ((0, 0), (0, padding)))
    return ImageMessage(
        height=height, width=width, encoding=encoding, step=rows.shape[1], data=rows.tobytes()
    )


@pytest.mark.parametrize("padding", [0, 3])
@pytest.mark.parametrize(
    ("encoding", "order"),
    [("rgb8", [0, 1, 2]), ("bgr8", [2, 1, 0]), ("rgba8", [0, 1, 2, 0]), ("bgra8", [2, 1, 0, 0])],
)
def test_when_a_picture_is_raw_expect_red_green_blue(encoding, order, padding):
    sent = message(RED_GREEN_BLUE[..., order], encoding, padding)
    np.testing.assert_array_equal(picture_of(sent, 100), RED_GREEN_BLUE)


def test_when_a_picture_is_grey_expect_three_alike():
    found = picture_of(message(RED_GREEN_BLUE[..., 0], "mono8"), 100)
    np.testing.assert_array_equal(found, np.repeat(RED_GREEN_BLUE[..., :1], 3, axis=2))


def test_when_a_picture_is_wide_expect_it_thinned_out():
    wide = np.zeros((100, 1000, 3), dtype=np.uint8)
    wide[::4, ::4] = 200
    found = picture_of(message(wide, "rgb8"), 250)
    assert found.shape == (25, 250, 3)
    assert (found == 200).all()


def test_when_a_picture_is_compressed_expect_it_decoded():
    from PIL import Image

    out = BytesIO()
    Image.fromarray(RED_GREEN_BLUE).save(out, "PNG")
    sent = CompressedImage(format="png", data=out.getvalue())
    np.testing.assert_array_equal(picture_of(sent, 100), RED_GREEN_BLUE)


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (message(RED_GREEN_BLUE, "yuv422"), "yuv422"),
        (ImageMessage(height=5, width=7, encoding="rgb8", step=21), "found 0 bytes"),
        (ImageMessage(encoding="rgb8"), "0 rows"),
        (CompressedImage(format="jpeg", data=b"nothing"), "no picture"),
    ],
)
def test_when_it_is_no_picture_expect_what_was_found(sent, words):
    with pytest.raises(ConfigError, match=words):
        picture_of(sent, 100)


def test_when_a_topic_is_named_expect_the_type_by_its_name():
    assert kind_of("/camera/image_raw") is ImageMessage
    assert kind_of("/camera/image_raw/compressed") is CompressedImage
