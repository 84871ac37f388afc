"""Faults of whole installations, with real servers and processes: minutes each, so `make faults` runs them."""

import os

collect_ignore_glob = [] if os.environ.get("EARSIGHT_FAULTS_TEST") else ["test_*.py"]
