"""What a side process does in tests; a module of its own, for the other process to import."""

import os
import time

from rl_control.errors import DataError


class Echo:
    """Counts its questions; made and asked in the other process."""

    def __init__(self, start):
        if start is None:
            raise DataError("echo", "no start", "Give one.")
        self.count = start

    def __call__(self, question):
        self.count += 1
        if question == "die":
            os._exit(3)
        if question == "refuse":
            raise DataError("echo", "refused", "Ask something else.")
        if question == "fail":
            raise ZeroDivisionError("in the echo")
        if question == "threads":
            return os.environ["OMP_NUM_THREADS"]
        if question == "sleep":
            time.sleep(60.0)
        return None if question == "nothing" else (question, self.count, os.getpid())
