"""A group of processes: output, first failure, one SIGINT, grace, SIGKILL."""

import os
import signal
import subprocess
import sys
import threading
import time

from rl_control.run.supervisor import ProcessSpec, supervise

SLEEPER = "import time; print('ready', flush=True); time.sleep(30)"
STUBBORN = f"import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); {SLEEPER}"


def python(label: str, code: str) -> ProcessSpec:
    return ProcessSpec(label, (sys.executable, "-c", code))


def signal_self_when(lines: list[str], text: str, number: int) -> threading.Thread:
    def wait() -> None:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and not any(text in line for line in lines):
            time.sleep(0.01)
        os.kill(os.getpid(), number)

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return thread


def test_when_all_end_well_expect_zero_and_prefixed_output():
    lines: list[str] = []
    code = supervise([python("a", "print('one')"), python("b", "print('two')")], write=lines.append)
    assert code == 0
    assert sorted(lines) == ["[a] one", "[b] two"]


def test_when_one_fails_expect_its_code_its_log_and_the_others_ended():
    lines: list[str] = []
    bad = "import sys; print('what went wrong'); sys.exit(2)"
    code = supervise([python("good", SLEEPER), python("bad", bad)], write=lines.append)
    assert code == 2
    assert "bad ended with exit code 2: ending all. Its last lines:" in lines
    assert "  what went wrong" in lines


def test_when_interrupted_expect_every_process_gets_one_sigint():
    lines: list[str] = []
    count = (
        "import signal, time; n = []\n"
        "signal.signal(signal.SIGINT, lambda *a: n.append(1)); print('ready', flush=True)\n"
        "while not n: time.sleep(0.01)\n"
        "time.sleep(0.2); print('signals', len(n))"
    )
    signal_self_when(lines, "ready", signal.SIGINT)
    assert supervise([python("a", count)], write=lines.append) == 130
    assert "[a] signals 1" in lines


def test_when_process_ignores_sigint_expect_killed_after_grace():
    lines: list[str] = []
    signal_self_when(lines, "ready", signal.SIGTERM)
    assert supervise([python("a", STUBBORN)], grace=0.2, write=lines.append) == 143
    assert "[a] did not end in time: killed" in lines


def test_when_command_cannot_start_expect_others_ended():
    started: list[str] = []
    specs = [python("a", SLEEPER), ProcessSpec("none", ("/does/not/exist",))]
    try:
        supervise(specs, write=started.append)
    except FileNotFoundError:
        pass
    else:
        raise AssertionError("a missing command must show")


def test_when_supervisor_is_killed_expect_children_know_their_parent():
    code = (
        "import sys; from rl_control.run.supervisor import *\n"
        "show = 'import os; print(os.environ[\"RL_CONTROL_PARENT_PID\"] == str(os.getppid()))'\n"
        "supervise([ProcessSpec('a', (sys.executable, '-c', show))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=True
    )
    assert done.stdout.strip() == "[a] True"
