"""How a view is offered to browsers."""

from __future__ import annotations

from dataclasses import dataclass

from rl_control.config import setting


@dataclass(frozen=True)
class ViewConfig:
    """Settings of every view, whatever it shows."""

    host: str = setting(
        "127.0.0.1",
        doc="Address to listen at; 0.0.0.0 lets anybody on the network see and move the arm",
    )
    port: int = setting(8080, doc="Port; 0 takes any that is free", low=0, high=65_535)
    frame_rate: float = setting(
        30.0, doc="Pictures a second while somebody watches", unit="Hz", low=1.0, high=60.0
    )
