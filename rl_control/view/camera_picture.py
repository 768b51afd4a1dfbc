"""The picture of a camera in the panel."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

QUALITY = 70  # of JPEG


class Camera:
    """Shows the newest picture, once there is one.

    Args:
        gui: of viser.
    """

    def __init__(self, gui: Any) -> None:
        self._gui = gui
        self._image: Any = None
        self._shown: NDArray[np.uint8] | None = None
        self._folder = gui.add_folder("Camera", visible=False)

    def show(self, picture: NDArray[np.uint8] | None) -> None:
        """Show a picture [H, W, 3] that is not shown yet; None leaves what there is."""
        if picture is None or picture is self._shown:
            return
        self._shown = picture
        if self._image is not None:
            self._image.image = picture
            return
        with self._folder:
            self._image = self._gui.add_image(picture, format="jpeg", jpeg_quality=QUALITY)
        self._folder.visible = True
