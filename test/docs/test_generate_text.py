"""Help texts as Markdown."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "docs"))
from generate_text import cell, code, markdown_of, table


def test_when_a_text_has_paragraphs_expect_them_with_nothing_taken_for_markdown():
    text = "Weights task.weights.* of <b>,\nand snake_case, as `a*b`.\n\nMore."
    assert markdown_of(text) == (
        "Weights task.weights.\\* of &lt;b>,\nand snake_case, as `a*b`.\n\nMore.\n"
    )


def test_when_there_are_examples_expect_a_shell_block():
    assert markdown_of("Does it.\n\nexamples:\n  do it  now\n    --so\n") == (
        "Does it.\n\nExamples:\n\n```sh\ndo it  # now\n  --so\n```\n"
    )


def test_when_columns_are_aligned_expect_them_to_stay_so():
    text = "What counts:\n  time    until there [s]\n  effort  in N m\nAnd more."
    assert markdown_of(text) == (
        "What counts:\n\n```text\ntime    until there [s]\neffort  in N m\n```\n\nAnd more.\n"
    )
    assert markdown_of("topics    to look\n          at it") == (
        "```text\ntopics    to look\n          at it\n```\n"
    )


def test_when_a_list_follows_a_line_expect_a_list():
    assert markdown_of("Not moved:\n- a\n  b\n- c") == "Not moved:\n\n- a\n  b\n- c\n"


def test_when_a_table_is_made_expect_cells_on_one_line_and_no_empty_code():
    assert table(("a", "b"), [(code("x|y"), cell("one\ntwo | _x_"))]) == (
        "| a | b |\n| --- | --- |\n| `x\\|y` | one two \\| \\_x\\_ |\n"
    )
    assert code("") == "`''`"
