"""Trouble that lasts, logged once."""

from __future__ import annotations

from collections.abc import Callable


class LogOnce:
    """Says what is wrong when it begins or changes, not at every state.

    Args:
        say: logs a line.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._said: dict[str, str] = {}

    def say(self, kind: str, what: object) -> None:
        """Log `what`, unless it is what was said last of its kind."""
        if self._said.get(kind) != str(what):
            self._said[kind] = str(what)
            self._say(str(what))

    def said(self, kind: str) -> str:
        """Return what is wrong of a kind; "" if nothing is."""
        return self._said.get(kind, "")

    def over(self, kind: str) -> None:
        """Take note that trouble of a kind is over."""
        self._said.pop(kind, None)

    def clear(self) -> None:
        """Forget all trouble."""
        self._said.clear()
