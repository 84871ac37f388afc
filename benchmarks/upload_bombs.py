"""Upload files that grow when they are read, and measure the web process: peak memory, time to an answer, the survey.

    python benchmarks/upload_bombs.py [--scale 10] [--only PART_OF_A_NAME]

Needs Linux (/proc). Results: RESULTS-uploads.md.
"""

import argparse
import os
import re
import statistics
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.config.uploads.web_process import Uploads, WebProcess

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=int, default=10)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "EARSIGHT_TEST_DATA": folder,
            "EARSIGHT_LOG_LEVEL": "CRITICAL",
        }
        os.environ.update(environment)
        _measure(Path(folder), environment, options.scale, options.only)


def _measure(folder: Path, environment: dict[str, str], scale: int, only: str) -> None:
    import django

    django.setup()
    from django.core.management import call_command
    from django.test import Client

    from tests.config.uploads.bombs import CLIPS, PICTURES, ZIPS
    from tests.config.uploads.publish_bombs import PUBLISHED
    from tests.config.uploads.table_bombs import TABLES
    from tests.config.uploads.web_process import Uploads, served
    from tests.factories import make_open_study, make_study
    from tests.services import own_port

    call_command("migrate", verbosity=0)
    make_open_study(clips=1, open_link_token="survey")
    draft = make_study(clips=1, conditions=2)
    client = Client()
    client.force_login(draft.owner)
    uploads = Uploads(draft, "survey", folder)
    with served(own_port(), environment, client.cookies["earsight_session"].value) as web:
        print(f"the web process before: {web.peak()} MB\n")
        print("| upload | MB | s | peak MB | survey: median ms | worst ms | answer |\n|---|---|---|---|---|---|---|")
        for name in [*CLIPS, *PICTURES, *ZIPS, *TABLES, *PUBLISHED]:
            if only not in name:
                continue
            size, answer, said = uploads.send(web, name, scale)
            as_expected = (
                "" if re.search(said, answer.text) and answer.status in (200, 302, 400, 422) else "**UNEXPECTED** "
            )
            waits = [1000 * wait for wait in answer.survey] or [0.0]
            print(
                f"| {name} | {size / 1e6:.1f} | {answer.seconds:.1f} | {answer.megabytes} "
                f"| {statistics.median(waits):.0f} | {max(waits):.0f} | {as_expected}{answer.text[:110]} |",
                flush=True,
            )
        if only in "eight at once":
            _at_once(uploads, web, scale, "FLAC of silence, stereo")


def _at_once(uploads: "Uploads", web: "WebProcess", scale: int, name: str) -> None:
    """Send eight uploads together: two are read, two wait, and the others are told to come again."""
    with ThreadPoolExecutor(8) as pool:
        sent = list(pool.map(lambda _number: uploads.send(web, name, scale)[1], range(8)))
    waits = [1000 * wait for answer in sent for wait in answer.survey]
    statuses = sorted(answer.status for answer in sent)
    print(
        f"\neight at once ({name}): statuses {statuses}, peak {web.peak()} MB, "
        f"survey median {statistics.median(waits):.0f} ms, worst {max(waits):.0f} ms of {len(waits)} pages"
    )


if __name__ == "__main__":
    main()
