#!/usr/bin/env python
"""Run Earsight's commands: `python manage.py help`."""

import gc
import os
import sys


def main() -> None:
    # Loading modules creates objects that stay: looking through them for waste takes a tenth of a short command's time.
    gc.set_threshold(100_000, 10, 10)
    # The set-up runs before there are settings.
    is_set_up = sys.argv[1:2] == ["setup"]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", f"config.{'installation.plain_' if is_set_up else ''}settings")
    from config.command_line.utility import run

    try:
        run(sys.argv)
    finally:
        gc.freeze()  # the process ends: nothing is gained by a last search of all its objects


if __name__ == "__main__":
    main()
