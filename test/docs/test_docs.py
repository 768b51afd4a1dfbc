"""The documentation builds, its links lead somewhere, and what it shows exists and works."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from doc_pages import commands, examples, problem
from topic_page import EVERY_NODE, Offer, section
from viewer_topics import TOPICS

ROOT = Path(__file__).parents[2]

PAGES = {str(page.relative_to(ROOT)): page.read_text() for page in ROOT.glob("docs/**/*.md")}
EXAMPLES = {f"{name}-{k}": code for name, t in PAGES.items() for k, code in enumerate(examples(t))}
COMMANDS = {name: commands(text) for name, text in sorted(PAGES.items())}


def build(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", *arguments],
        cwd=folder, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True, text=True, timeout=110,
    )  # fmt: skip


def test_when_the_site_is_built_expect_no_broken_link_and_no_forgotten_page(tmp_path):
    pytest.importorskip("mkdocs")
    done = build(ROOT, "--site-dir", str(tmp_path / "site"))
    assert done.returncode == 0, done.stderr
    pages = {p.relative_to(tmp_path / "site"): p for p in tmp_path.glob("site/**/*.html")}
    assert "First run" in pages[Path("index.html")].read_text()
    loads = ('src="http', "src=http", '<link rel="stylesheet" href="http')
    assert [name for name, p in pages.items() if any(s in p.read_text() for s in loads)] == []


def test_when_a_link_is_broken_expect_the_build_to_fail(tmp_path):
    """So that the test above can fail."""
    pytest.importorskip("mkdocs")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("# A\n\n[there](nowhere.md) [here](#nothing)\n")
    settings = (ROOT / "mkdocs.yml").read_text()
    (tmp_path / "mkdocs.yml").write_text(settings.partition("nav:\n  - ")[0])
    done = build(tmp_path)
    assert done.returncode != 0
    assert "nowhere.md" in done.stderr and "#nothing" in done.stderr


def test_when_the_code_has_changed_expect_the_reference_to_have_changed_with_it():
    if importlib.util.find_spec("rclpy") is None:
        pytest.skip("the parameters are those of nodes")
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"],
        cwd=ROOT, capture_output=True, text=True, timeout=110,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("code", EXAMPLES.values(), ids=EXAMPLES)
def test_when_an_example_runs_expect_no_error(code, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", [name for name, words in COMMANDS.items() if words])
def test_when_a_page_shows_commands_expect_their_verbs_and_flags_to_exist(name):
    wrong = {" ".join(words): problem(words) for words in COMMANDS[name]}
    assert {command: text for command, text in wrong.items() if text} == {}


def test_when_the_layouts_of_viewers_name_topics_expect_them_in_the_table():
    nodes = (("arm_sim", "arm_sim"), ("mpc_controller, policy_controller", "mpc_controller"))
    told = [section(title, node).offers for title, node in (*nodes, (EVERY_NODE, "arm_sim"))]
    known = {(offer.name, offer.kind) for offers in told for offer in offers}
    assert set(TOPICS.items()) <= known
    assert Offer("/arm_sim/reset", "std_srvs/srv/Trigger", "service") in told[0]
