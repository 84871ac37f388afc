"""`manage.py publish_heads [SLUG]`: publish the heads of the logs, as beat does by itself."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from study.management.command import EarsightCommand
from study.management.lookup import study_with_slug
from study.models import ChainHead
from study.published_heads.heads import INSTALLATION, Head
from study.published_heads.publishing import Publication, publish_due, publish_head


class Command(EarsightCommand):
    help = (
        "Publish the heads that are due (after opening, daily, after closing) by mail and to EARSIGHT_HEADS_FILE, and "
        "print all heads, a line for each: TIME NAME NUMBER HEAD. For a cron job, or by hand."
    )
    examples = ("", "my-study")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", nargs="?", help="publish this study's head now, whether or not it is due")

    def handle(self, *args: Any, slug: str | None, **options: Any) -> None:
        if slug is None:
            published = publish_due()
        else:
            study = study_with_slug(slug)
            if (publication := publish_head(study, "by hand")) is None:
                raise CommandError(f"The log of '{slug}' has no entry yet.", returncode=2)
            published = [publication]
        for publication in published:
            self._say(publication)
        now = timezone.now().isoformat(timespec="seconds")
        for chain in ChainHead.objects.filter(number__gt=0).select_related("study").order_by("study__slug"):
            name = chain.study.slug if chain.study else INSTALLATION
            if slug in (None, name):
                self.stdout.write(Head(name, chain.number, chain.head).line(now), ending="")
        if any(publication.problems for publication in published):
            sys.exit(1)

    def _say(self, publication: Publication) -> None:
        head = publication.head
        if publication.places:
            places = ", ".join(publication.places)
            self.stderr.write(f"{head.slug}: head {head.number} is published ({publication.occasion}): {places}")
        for place, problem in publication.problems.items():
            self.stderr.write(f"{head.slug}: head {head.number} was NOT published by {place}: {problem}")
