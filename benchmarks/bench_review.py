"""Measure the pages of the review at different numbers of clips.

    python benchmarks/bench_review.py [--clips 200 2000] [--database URL]

Writes a draft whose clips have images, tags and results of all steps (rows alone, no files) into an empty database, the
first half of the clips approved, and requests each page four times by Django's test client. Prints the processor time
and the wall time of the median request but the first, and the number of queries.
"""

import argparse
import os
import tempfile

from load_server import environment
from page_times import time_page

PAGES = (
    "generation_review",
    "generation_review?page=7",
    "generation_review?show=undecided",
    "generation_review?show=contested",
    "generation_decide",
    "study_open",
    "study_overview",
)


def measure(sizes: list[int]) -> None:
    """Print one line for each page and number of clips."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.urls import reverse

    from generation.runs.review_state import review_of
    from generation.runs.reviewing import approve
    from tests.config.addresses import browser
    from tests.factories import StudyFactory, UserFactory
    from tests.generation.studies import add_painted_rows

    call_command("migrate", verbosity=0)
    for clips in sizes:
        study = StudyFactory(owner=UserFactory())
        add_painted_rows(study, clips)
        approve(study, {row.number: row.seen for row in review_of(study).rows[: clips // 2]})
        client = browser(study.owner, SERVER_NAME="127.0.0.1")
        for name in PAGES:
            page, _mark, query = name.partition("?")
            url = f"{reverse(page, args=[study.slug])}?{query}"
            print(f"{clips:6d} clips  {time_page(client, url, name)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, nargs="*", default=[200, 2000])
    parser.add_argument("--database", default="")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= environment(folder, options.database)
        measure(options.clips)


if __name__ == "__main__":
    main()
