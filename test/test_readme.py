"""The README's examples run as they stand, its commands exist, and its links lead somewhere."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from doc_pages import commands, examples, problem

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES, COMMANDS = examples(README), commands(README)


def test_when_the_readme_is_read_expect_examples_and_commands():
    assert EXAMPLES
    assert {"reach", "launch", "doctor"} <= {words[1] for words in COMMANDS}


@pytest.mark.parametrize("code", EXAMPLES, ids=range(len(EXAMPLES)))
def test_when_an_example_runs_expect_no_error(code, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_when_a_command_is_named_expect_its_verb_and_flags_to_exist(words):
    assert problem(words) == ""


def test_when_a_command_is_wrong_expect_it_to_be_found():
    assert problem(["rl_control", "reach", "--targts", "3"]) == "no flag --targts"
    assert problem(["rl_control", "bag", "inspect", "x"]) == "no verb bag inspect"
    assert "arm_mcp" in problem(["rl_control", "launch", "arm_mcp"])
    assert problem(["rl_control", "launch", "arm_mpc", "robt:=a"]) == "no argument robt"
    assert commands("```sh\nrl_control reach \\\n  --gui  # shown\n```") == [
        ["rl_control", "reach", "--gui"]
    ]


@pytest.mark.parametrize("path", re.findall(r"\]\(([^)#]+)\)", README))
def test_when_a_file_is_linked_expect_it_to_exist(path):
    assert (ROOT / path).exists()
