"""Run the fuzzer on SQLite, then on PostgreSQL in a database of its own; each prints its seed and what was answered."""

import os
import secrets
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from tests.services import POSTGRES

TESTS = "tests/config/fuzz/test_every_address.py"


def main() -> int:
    """Return 0 if both runs pass."""
    postgres = urlsplit(POSTGRES)._replace(path=f"/earsight_{secrets.token_hex(4)}").geturl()
    failed = 0
    for database in ({}, {"EARSIGHT_DATABASE_URL": postgres}):
        command = [sys.executable, "-m", "pytest", "-q", "--show-capture=no", "--tb=short", TESTS]
        failed |= subprocess.run(
            command, cwd=Path(__file__).resolve().parents[3], env=os.environ | database, check=False
        ).returncode
    return failed


if __name__ == "__main__":
    sys.exit(main())
