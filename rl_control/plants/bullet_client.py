"""PyBullet, imported without its noise, and one physics world a caller."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import weakref
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from rl_control.errors import MissingDependencyError, PlantError


@cache
def import_pybullet(feature: str = "the simulated arm") -> ModuleType:
    """Return the module pybullet; its banner is kept off the terminal.

    Raises:
        MissingDependencyError: if it is not installed.
    """
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        # The banner is written by C code, past sys.stderr.
        os.dup2(nowhere, 2)
        import pybullet
    except ImportError as error:
        raise MissingDependencyError("pybullet", feature, "sim") from error
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
    return pybullet


class World:
    """One physics world, closed at the latest when the object or the process ends.

    Functions of pybullet are called as methods, with this world's client filled in.

    Args:
        gui: open a window.

    Raises:
        MissingDependencyError: if pybullet is not installed.
        PlantError: if there is no screen for the window, or no world to be had.
    """

    def __init__(self, gui: bool = False) -> None:
        self.bullet = import_pybullet()
        if gui and sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
            # PyBullet would end the whole process.
            raise PlantError("no screen for the simulator's window: set DISPLAY, or gui to false")
        self.client: int = self.bullet.connect(self.bullet.GUI if gui else self.bullet.DIRECT)
        if self.client < 0:
            raise PlantError("PyBullet gives no further world: close plants that are not used")
        self.close = weakref.finalize(self, _disconnect, self.bullet, self.client, os.getpid())

    @property
    def closed(self) -> bool:
        """Whether it is closed."""
        return not self.close.alive

    def __getattr__(self, name: str) -> Any:
        function = getattr(self.bullet, name)
        client = self.client

        def call(*args: Any, **kwargs: Any) -> Any:
            return function(*args, physicsClientId=client, **kwargs)

        # Kept, so that the next look-up costs nothing.
        self.__dict__[name] = call
        return call

    def load_fixed(self, urdf: str) -> int:
        """Load a URDF text with its base fixed at the origin; return the body.

        Raises:
            PlantError: if PyBullet refuses it.
        """
        with tempfile.TemporaryDirectory(prefix="rl_control-") as folder:
            path = Path(folder) / "arm.urdf"
            path.write_text(urdf, encoding="utf-8")
            try:
                # Without the flag, inertias are made up from collision shapes.
                return int(
                    self.loadURDF(
                        str(path), useFixedBase=True, flags=self.bullet.URDF_USE_INERTIA_FROM_FILE
                    )
                )
            except self.bullet.error as error:
                raise PlantError(
                    f"PyBullet cannot load the arm ({error}). Check its URDF."
                ) from error


def _disconnect(bullet: ModuleType, client: int, owner: int) -> None:
    if os.getpid() != owner:
        return  # a forked child must not close its parent's window
    # A window closed by hand has taken its world with it.
    with contextlib.suppress(bullet.error):
        bullet.disconnect(physicsClientId=client)
