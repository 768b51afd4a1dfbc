"""One learner a folder: two would overwrite each other's motion and versions."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from rl_control.errors import DataError

_FILE = ".lock"


class Claim:
    """A folder claimed by this process, until `close` or its end, however it ends.

    The file that is locked stays; only whether a process holds it matters.

    Args:
        folder: exists.

    Raises:
        DataError: if another process learns there, or the folder cannot be written to.
    """

    def __init__(self, folder: Path) -> None:
        try:
            self._file = os.open(folder / _FILE, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise DataError(
                folder,
                f"cannot be written to ({error.strerror})",
                "Name a folder that may be written to.",
            ) from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._file, 32).decode(errors="replace").strip()
            os.close(self._file)
            raise DataError(
                folder,
                f"another process learns in it ({holder or 'not known which'})",
                "Wait for it, stop it, or name another folder.",
            ) from None
        os.ftruncate(self._file, 0)
        os.write(self._file, f"process {os.getpid()}".encode())

    def close(self) -> None:
        """Give the folder free; calling it twice is harmless."""
        with suppress(OSError):
            os.close(self._file)
        self._file = -1

    def __enter__(self) -> Claim:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
