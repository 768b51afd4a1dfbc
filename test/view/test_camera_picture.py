"""The picture of a camera in the panel."""

import contextlib

import numpy as np
import pytest

from rl_control.view.camera_picture import Camera


class Folder(contextlib.nullcontext):
    visible = False


class Image:
    def __init__(self, picture, log):
        self.log = log
        self.image = picture

    def __setattr__(self, name, value):
        if name == "image":
            self.log.append(value)
        super().__setattr__(name, value)


class Gui:
    def __init__(self):
        self.sent, self.folder = [], Folder()

    def add_folder(self, label, visible):
        self.folder.visible = visible
        return self.folder

    def add_image(self, picture, **options):
        return Image(picture, self.sent)


@pytest.fixture
def gui():
    return Gui()


def test_when_no_picture_has_come_expect_no_folder(gui):
    Camera(gui).show(None)
    assert not gui.folder.visible
    assert gui.sent == []


def test_when_pictures_come_expect_each_sent_once(gui):
    camera = Camera(gui)
    first, second = np.zeros((2, 2, 3), np.uint8), np.ones((2, 2, 3), np.uint8)
    for picture in (first, first, None, second, second):
        camera.show(picture)
    assert gui.folder.visible
    assert [sent is picture for sent, picture in zip(gui.sent, (first, second), strict=True)] == [
        True,
        True,
    ]
