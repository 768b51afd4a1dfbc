"""A folder has one learner at a time; whoever was killed does not count."""

import os
import signal
import subprocess
import sys

import pytest

from rl_control.data.claim import Claim
from rl_control.errors import DataError

HOLDER = """
import sys, time
from pathlib import Path
from rl_control.data.claim import Claim
claim = Claim(Path(sys.argv[1]))
print("claimed", flush=True)
time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that has claimed the folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "claimed\n"
    yield process
    process.kill()
    process.wait(10)


def test_when_another_process_learns_there_expect_its_number_and_what_to_do(tmp_path, holder):
    with pytest.raises(DataError, match=f"process {holder.pid}.*another folder"):
        Claim(tmp_path)


def test_when_the_holder_was_killed_expect_the_folder_free(tmp_path, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait(10)
    Claim(tmp_path).close()


def test_when_closed_expect_the_folder_free(tmp_path):
    with Claim(tmp_path) as claim, pytest.raises(DataError, match=f"process {os.getpid()}"):
        Claim(tmp_path)
    claim.close()
    with Claim(tmp_path):
        pass


def test_when_the_folder_cannot_be_written_to_expect_it_said(tmp_path):
    with pytest.raises(DataError, match="cannot be written to"):
        Claim(tmp_path / "missing")
