"""`manage.py compile_translations`: make the .mo files that Django reads from the .po files that people edit."""

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.conf import settings

from study.management.command import EarsightCommand


class Command(EarsightCommand):
    help = "Compile each locale/*/LC_MESSAGES/*.po if its .mo file is missing or older, without GNU gettext."
    examples = ("",)

    def handle(self, *args: Any, **options: Any) -> None:
        for folder in settings.LOCALE_PATHS:
            for source in sorted(Path(folder).glob("*/LC_MESSAGES/*.po")):
                target = source.with_suffix(".mo")
                if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
                    continue
                with source.open("rb") as file:
                    catalog = read_po(file)
                # Written under another name and renamed, so that a server that starts now reads a complete file.
                scratch = target.with_suffix(".mo.tmp")
                with scratch.open("wb") as file:
                    write_mo(file, catalog)
                scratch.replace(target)
                if options["verbosity"]:
                    self.stdout.write(f"compiled {source.relative_to(settings.BASE_DIR)}")
