"""Tests of nodes need rclpy; a machine without ROS 2 skips this folder."""

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

collect_ignore_glob = [] if find_spec("rclpy") else ["test_*.py"]
sys.path.insert(0, str(Path(__file__).parent))  # for harness.py


@pytest.fixture
def ros(tmp_path):
    """Nodes and a probe in a domain of their own."""
    from harness import Harness

    harness = Harness(tmp_path)
    yield harness
    harness.close()
