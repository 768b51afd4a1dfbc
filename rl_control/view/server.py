"""The web server of a view: on this machine only unless asked otherwise, on a port that is free."""

from __future__ import annotations

import contextlib
import io
import ipaddress
import logging
import socket
from typing import Any
from urllib.parse import urlsplit

import viser

from rl_control.errors import ConfigError

_log = logging.getLogger(__name__)


def open_server(host: str, port: int, label: str) -> viser.ViserServer:
    """Return a web server that listens at `host` and `port`.

    A page of another site in the same browser could reach it as well as its own page; what comes
    from there is turned away, so that no other page can move the arm.

    Args:
        host: address to listen at.
        port: 1 to 65535; 0 takes any that is free.
        label: title of the panel.

    Raises:
        ConfigError: if nothing can listen there.
    """
    check_free(host, port)
    with contextlib.redirect_stdout(io.StringIO()):  # it prints a box of its own
        server = viser.ViserServer(host=host, port=port, label=label, verbose=False)
    if port and server.get_port() != port:
        # Somebody took it in between; the library then goes on to the next one by itself.
        close_server(server)
        raise _taken(port)
    server.gui.configure_theme(show_logo=False, show_share_button=False, control_width="large")
    _turn_away_strangers(server, is_loopback(host))
    return server


def close_server(server: viser.ViserServer) -> None:
    """End a server; pages that are open say that they have lost it."""
    with contextlib.redirect_stdout(io.StringIO()):
        server.stop()


def address(server: viser.ViserServer) -> str:
    """Return what to type into a browser on this machine."""
    host = server.get_host()
    if host in ("0.0.0.0", "::"):
        host = "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{server.get_port()}"


def is_loopback(host: str) -> bool:
    """Say whether only this machine can reach `host`."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def is_own_page(origin: str, host: str, loopback: bool) -> bool:
    """Say whether a connection was opened by the server's own page.

    Args:
        origin: header of that name; "" for a program that is no browser.
        host: header of that name: by what name the server was called.
        loopback: whether the server may be called by no name but this machine's own: a foreign
            name that leads here is a trick.
    """
    if loopback and not is_loopback(urlsplit(f"//{host}").hostname or ""):
        return False
    return origin == "" or urlsplit(origin).netloc == host


def check_free(host: str, port: int) -> None:
    """Find out whether a server could listen at `host` and `port`.

    Raises:
        ConfigError: if it could not.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if port and error.errno in (13, 98, 48):
                raise _taken(port) from error
            raise ConfigError(
                "view", "host", f"cannot listen at '{host}' ({error.strerror})", "Use 127.0.0.1."
            ) from error


def _taken(port: int) -> ConfigError:
    return ConfigError(
        "view",
        "port",
        f"another process has port {port}, or this user may not use it",
        "Give another one, or 0 for any that is free.",
    )


def _turn_away_strangers(server: Any, loopback: bool) -> None:
    websockets = server._websock_server

    @websockets.on_client_connect
    async def _(connection: Any) -> None:
        live = websockets._live_connections[connection.client_id]
        headers = live.request.headers
        origin, host = headers.get("Origin", ""), headers.get("Host", "")
        if not is_own_page(origin, host, loopback):
            _log.warning("turned away a connection from %s (called %s)", origin or "?", host)
            await live.close(1008, "not this server's own page")

    # Nobody shall be able to put the arm on the public internet by a message of the page.
    kind = viser._messages.ShareUrlRequest
    handlers = websockets._incoming_handlers.get(kind, [])
    handlers.clear()
