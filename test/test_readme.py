"""The README's examples run as they stand."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"<!-- run -->\n```python\n(.*?)```", README, flags=re.DOTALL)
COMMANDS = re.findall(r"^(rl_control \S+)", README, flags=re.MULTILINE)


def test_when_the_readme_is_read_expect_examples_and_commands():
    assert len(EXAMPLES) >= 3
    assert {"rl_control reach", "rl_control launch", "rl_control doctor"} <= set(COMMANDS)


@pytest.mark.parametrize("code", EXAMPLES, ids=range(len(EXAMPLES)))
def test_when_an_example_runs_expect_no_error(code, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", sorted(set(COMMANDS)))
def test_when_a_command_is_named_expect_it_to_have_help(command):
    verb = command.split()[1]
    done = subprocess.run(
        [sys.executable, "-m", "rl_control", verb, "--help"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert verb in done.stdout


@pytest.mark.parametrize("path", re.findall(r"\]\(([^)#]+)\)", README))
def test_when_a_file_is_linked_expect_it_to_exist(path):
    assert (ROOT / path).exists()
