"""Lets tests and their processes import the stand-ins that lie beside them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # for train_fakes.py
