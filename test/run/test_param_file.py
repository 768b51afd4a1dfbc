"""The text of a parameter file."""

import yaml
from hypothesis import given
from hypothesis import strategies as st

from rl_control.run.param_file import grouped, parameter_lines

KEYS = ["a", "b.c", "b.d.e", "f", "b.d.g", "b.h", "i.j"]


def flat(tree, prefix=""):
    found = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found


@given(st.permutations(KEYS))
def test_when_keys_come_in_any_order_expect_each_group_once_and_every_value(keys):
    values = {key: float(KEYS.index(key)) for key in keys}
    lines = parameter_lines("/**/n", grouped(values), {"f": "what it means"})
    tree = yaml.safe_load("\n".join(lines))
    assert flat(tree["/**/n"]["ros__parameters"]) == values
    assert sum(line.strip() == "b:" for line in lines) == 1
    assert [line for line in lines if "#" in line] == ["    f: 3.0  # what it means"]


def test_when_values_are_of_many_kinds_expect_them_as_they_were():
    values = {"t": "yes", "n": 1, "x": 1e-5, "b": True, "l": [1.0, 2.0], "e": ()}
    lines = parameter_lines("n", values, {})
    tree = yaml.safe_load("\n".join(lines))
    assert tree["n"]["ros__parameters"] == {k: v for k, v in values.items() if k != "e"}
    assert "    # e: []" in lines
