from __future__ import annotations

from dataclasses import dataclass

import pytest

from rl_control.config import fields_of, setting


def test_when_a_config_has_groups_expect_dotted_keys_in_order(arm_config) -> None:
    assert [info.key for info in fields_of(arm_config)] == [
        "robot", "interface", "joints",
        "loop.period", "loop.horizon", "loop.gui", "loop.weights",
    ]  # fmt: skip


def test_when_a_setting_is_declared_expect_all_of_it_known(arm_config) -> None:
    info = next(info for info in fields_of(arm_config) if info.key == "loop.period")
    assert (info.type, info.default, info.unit, info.low, info.high, info.live, info.is_list) == (
        float, 0.01, "s", 1e-3, 1.0, True, False,
    )  # fmt: skip
    assert info.doc == "Time between two commands"
    assert info.group == "loop"


def test_when_a_prefix_is_given_expect_it_before_every_key(loop_config) -> None:
    assert all(info.key.startswith("mpc.") for info in fields_of(loop_config, "mpc."))


def test_when_neither_default_nor_factory_is_given_expect_a_type_error() -> None:
    with pytest.raises(TypeError, match="either a default or a default_factory"):
        setting(doc="nothing")


@dataclass(frozen=True)
class Undocumented:
    size: int = 3


@dataclass(frozen=True)
class OddType:
    sizes: list[int] = setting(doc="Sizes", default_factory=list)


@dataclass(frozen=True)
class OddTuple:
    pair: tuple[int, str] = setting((1, "a"), doc="Pair")


@pytest.mark.parametrize("cls", [Undocumented, OddType, OddTuple, int])
def test_when_a_class_is_no_config_expect_a_type_error(cls: type) -> None:
    with pytest.raises(TypeError):
        fields_of(cls)


@dataclass(frozen=True)
class Made:
    names: tuple[str, ...] = setting(doc="Names", default_factory=lambda: ("a",))


def test_when_a_default_is_made_by_a_factory_expect_its_value() -> None:
    assert fields_of(Made)[0].default == ("a",)
