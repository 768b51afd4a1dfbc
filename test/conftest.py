"""What every test shares."""

from __future__ import annotations

from hypothesis import settings

# A deadline would be an assertion about time: it fails on a busy machine and on a first compile.
settings.register_profile("rl_control", deadline=None, max_examples=50, print_blob=True)
settings.load_profile("rl_control")
