"""Compare constraints.txt with the known advisories: `make audit`. What is known to be vulnerable fails.

Where the advisories cannot be reached, or something else answers in their place, it says so and passes.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ADVISORIES = os.environ.get("EARSIGHT_ADVISORIES_URL", "https://api.osv.dev/v1/query")
# A release with advisories that nobody will take back. Whatever knows none of them does not know advisories.
KNOWN = "django==2.0"
# Advisories that do not concern Earsight, with the reason; SECURITY.md says within which time others are mended.
ACCEPTED: dict[str, str] = {}
SECONDS_PER_ANSWER, SECONDS = 5, 240


class Unreachable(Exception):
    """The advisories could not be asked."""


def vulnerable(pins: Path) -> dict[str, list[str]]:
    """Return the advisories of each pin that has some, `name version` by `id (mended in …)`.

    Raises:
        Unreachable
    """
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(pins), "--no-deps", "--disable-pip"]
    command += ["--vulnerability-service", "osv", "--osv-url", ADVISORIES, "--format", "json", "--progress-spinner=off"]
    command += ["--timeout", str(SECONDS_PER_ANSWER), *(f"--ignore-vuln={name}" for name in ACCEPTED)]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        rows = json.loads(ended.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError) as error:
        raise Unreachable from error
    if skipped := [row["name"] for row in rows if "skip_reason" in row]:
        raise Unreachable(f"nothing was said about {', '.join(skipped)}")
    return {
        f"{row['name']} {row['version']}": [
            f"{found['id']} (mended in {', '.join(found['fix_versions']) or 'no release'})" for found in row["vulns"]
        ]
        for row in rows
        if row["vulns"]
    }


def main(pins: Path) -> int:
    try:
        with tempfile.TemporaryDirectory() as folder:
            known = Path(folder) / "known.txt"
            known.write_text(f"{KNOWN}\n", encoding="ascii")
            if not vulnerable(known):
                raise Unreachable
        found = vulnerable(pins)
    except Unreachable as error:
        detail = f": {error}" if str(error) else ""
        print(f"The advisories at {ADVISORIES} cannot be reached{detail}. {pins.name} was NOT compared with them.")
        return 0
    for pin, advisories in found.items():
        print(f"{pin}: {', '.join(advisories)}")
    print(f"{len(found)} of {len(pins.read_text(encoding='utf-8').splitlines())} pinned libraries have advisories.")
    return 1 if found else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pins", nargs="?", type=Path, default=ROOT / "constraints.txt")
    sys.exit(main(parser.parse_args().pins))
