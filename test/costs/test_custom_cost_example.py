"""The example of a user's own cost runs and does what it says."""

import re
import runpy
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "custom_cost.py"


def test_when_run_expect_the_elbow_to_cost_only_below_its_height(capsys):
    runpy.run_path(str(EXAMPLE), run_name="__main__")
    found = [float(cost) for cost in re.findall(r"elbow_height (\S+)", capsys.readouterr().out)]
    low_home, low_lowered, high_home, high_lowered = found
    assert low_home <= low_lowered < high_lowered
    assert high_home > 0
