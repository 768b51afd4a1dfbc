"""The verb `view`: what it asks for, and what it refuses before anything begins."""

import importlib.util
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from rl_control import cli
from rl_control.run.view import _import_undisturbed

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("viser") is None, reason="viser is not installed"
)


@pytest.mark.parametrize(
    "words, told",
    [
        (["--sim", "runs/x"], "--sim"),
        (["nothing/there"], "nothing/there"),
        (["--sim", "--port", "99999"], "port"),
        (["--sim", "--robot", "iiwa8", "--port", "0"], "iiwa7"),
        (["--sim", "--host", "192.0.2.1"], "192.0.2.1"),
    ],
)
def test_when_it_cannot_begin_expect_one_line_that_says_why(words, told, capsys):
    assert cli.main(["view", *words]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert "Traceback" not in error


def test_when_the_port_is_taken_expect_an_error_before_a_robot_is_built(capsys):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        assert cli.main(["view", "--sim", "--robot", "not-looked-at", "--port", str(port)]) == 2
    assert f"port {port}" in capsys.readouterr().err


def test_when_a_simulated_arm_is_shown_expect_an_address_that_answers_and_a_good_end(tmp_path):
    command = [sys.executable, "-m", "rl_control", "view", "--sim", "--robot", "planar2"]
    log = tmp_path / "said"
    process = subprocess.Popen(
        [*command, "--port", "0"],
        stdout=log.open("w"),
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + 60.0
        while "shown at" not in log.read_text() and time.monotonic() < deadline:
            time.sleep(0.1)
        url = re.search(r"shown at (http://127\.0\.0\.1:\d+)", log.read_text()).group(1)
        with urllib.request.urlopen(url, timeout=20) as answer:
            assert b"<html" in answer.read(4000)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(5)


def test_when_a_signal_comes_during_an_import_that_swallows_it_expect_it_afterwards(
    tmp_path, monkeypatch
):
    (tmp_path / "swallowing_module.py").write_text(
        "import os, signal\n"
        "try:\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    reached = True\n"
        "except BaseException:\n"
        "    reached = False\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            _import_undisturbed("swallowing_module")
    finally:
        signal.signal(signal.SIGINT, before)
    assert sys.modules.pop("swallowing_module").reached
