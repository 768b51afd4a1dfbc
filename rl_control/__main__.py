"""`python -m rl_control` is the command `rl_control`."""

import sys

from rl_control.cli import main

sys.exit(main())
