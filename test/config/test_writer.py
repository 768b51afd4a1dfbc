from __future__ import annotations

from rl_control.config import fields_of, markdown_table, to_yaml


def test_when_written_expect_every_value_with_unit_and_meaning(arm_config) -> None:
    assert to_yaml(arm_config(), "mpc") == (
        '"mpc":\n'
        "  ros__parameters:\n"
        '    robot: "iiwa7"  # Robot to drive\n'
        '    interface: "effort"  # Kind of command\n'
        "    joints: []  # Joint names\n"
        "    loop:\n"
        "      period: 0.01  # [s] Time between two commands\n"
        "      horizon: 50  # Number of nodes\n"
        "      gui: false  # Show a window\n"
        "      weights: [1.0, 2.0]  # Weights\n"
    )


def test_when_a_table_is_made_expect_one_row_a_setting(arm_config) -> None:
    rows = markdown_table(fields_of(arm_config)).splitlines()
    assert len(rows) == 2 + 7
    assert "| `loop.period` | `0.01` | s | 0.001..1 | yes | Time between two commands |" in rows
    assert len({row.count("|") for row in rows}) == 1


def test_when_a_table_is_made_expect_no_column_that_is_empty(arm_config) -> None:
    header, rule, row = markdown_table(fields_of(arm_config)[:1]).splitlines()
    assert header == "| setting | default | meaning |"
    assert rule == "| --- | --- | --- |"
    assert row == '| `robot` | `"iiwa7"` | Robot to drive |'


def test_when_somebody_else_says_what_is_live_expect_that_in_the_table(arm_config) -> None:
    fields = fields_of(arm_config)
    assert "live" not in markdown_table(fields, live=lambda info: False)
    rows = markdown_table(fields, live=lambda info: info.key == "robot").splitlines()
    assert [row.split(" | ")[0] for row in rows if "| yes |" in row] == ["| `robot`"]
