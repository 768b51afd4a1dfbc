"""Every config class of the package keeps the rules that its settings declare."""

from __future__ import annotations

import ast
import dataclasses
import importlib
from pathlib import Path

import pytest

from rl_control.config import fields_of, load, to_yaml, validate

ROOT = Path(__file__).resolve().parents[2]


def config_classes() -> list[tuple[str, str]]:
    """Return (module, class) of every class with a field made by `setting`."""
    found = []
    for path in sorted((ROOT / "rl_control").rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and any(map(_is_setting, node.body)):
                found.append((module, node.name))
    return found


def _is_setting(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.AnnAssign)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func).rpartition(".")[2] == "setting"
    )


@pytest.mark.parametrize(("module", "name"), config_classes())
def test_when_a_config_is_made_expect_valid_documented_defaults(
    module: str, name: str, tmp_path: Path
) -> None:
    try:
        cls = getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        pytest.skip(f"{error.name} is not installed")
    assert cls.__dataclass_params__.frozen
    for info in fields_of(cls):
        assert info.doc.strip() and "\n" not in info.doc, f"{info.key}: describe it in one line"
    required = [f.name for f in dataclasses.fields(cls) if not _has_default(f)]
    assert not required, f"no default for {required}"
    config = cls()
    validate(config)
    path = tmp_path / "settings.yaml"
    path.write_text(to_yaml(config), encoding="utf-8")
    assert load(cls, path) == config


def _has_default(field: dataclasses.Field) -> bool:
    missing = dataclasses.MISSING
    return field.default is not missing or field.default_factory is not missing
