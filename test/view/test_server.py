"""Where the page is served, and who may talk to it."""

import asyncio
import contextlib
import socket
import urllib.request

import pytest
import viser
import websockets

from rl_control.errors import ConfigError
from rl_control.view.server import address, close_server, is_loopback, is_own_page, open_server


@pytest.fixture
def server():
    server = open_server("127.0.0.1", 0, "test")
    yield server
    close_server(server)


def test_when_a_port_is_taken_expect_an_error_that_names_it():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(ConfigError, match=f"port {port}"):
            open_server("127.0.0.1", port, "test")


def test_when_the_address_is_not_ours_expect_an_error_that_says_so():
    with pytest.raises(ConfigError, match=r"cannot listen at '192\.0\.2\.1'"):
        open_server("192.0.2.1", 0, "test")


def test_when_a_server_runs_expect_its_page_and_nothing_printed(server, capsys):
    with urllib.request.urlopen(address(server), timeout=10) as answer:
        assert b"<html" in answer.read(4000)
    assert capsys.readouterr().out == ""


def test_when_hosts_are_judged_expect_only_this_machine_to_be_loopback():
    assert all(map(is_loopback, ("127.0.0.1", "::1", "localhost", "[::1]", "127.8.8.8")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "10.0.0.1", "example.org", "")))


@pytest.mark.parametrize(
    "origin, host, loopback, own",
    [
        ("http://127.0.0.1:8080", "127.0.0.1:8080", True, True),
        ("http://localhost:8080", "localhost:8080", True, True),
        ("http://[::1]:8080", "[::1]:8080", True, True),
        ("", "127.0.0.1:8080", True, True),
        ("http://evil.example", "127.0.0.1:8080", True, False),
        ("http://127.0.0.1:9999", "127.0.0.1:8080", True, False),
        ("http://evil.example:8080", "evil.example:8080", True, False),
        ("null", "127.0.0.1:8080", True, False),
        ("http://robot.lab:8080", "robot.lab:8080", False, True),
        ("http://evil.example", "robot.lab:8080", False, False),
    ],
)
def test_when_a_page_connects_expect_only_the_servers_own_accepted(origin, host, loopback, own):
    assert is_own_page(origin, host, loopback) is own


def connected(server, origin):
    """Whether a connection from a page of `origin` is kept."""

    async def ask():
        url = f"ws://127.0.0.1:{server.get_port()}"
        protocol = f"viser-v{viser.__version__}"
        async with websockets.connect(url, origin=origin, subprotocols=[protocol]) as connection:
            with contextlib.suppress(websockets.ConnectionClosed):
                await asyncio.wait_for(connection.recv(), 5.0)
            return connection.close_code is None

    return asyncio.run(ask())


def test_when_another_sites_page_connects_expect_it_cut_off(server):
    assert connected(server, address(server))
    assert not connected(server, "http://evil.example")


def test_when_the_page_asks_for_a_public_address_expect_nobody_to_hear(server):
    handlers = server._websock_server._incoming_handlers
    assert handlers[viser._messages.ShareUrlRequest] == []
