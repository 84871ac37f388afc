"""`manage.py makemessages`: Django's command, which here also collects the texts that are data."""

from pathlib import Path

from babel.messages.pofile import normalize
from django.core.management.commands import makemessages

from config.translatable_data import translatable_data


class Command(makemessages.Command):
    def process_files(self, file_list: list[makemessages.TranslatableFile]) -> None:
        super().process_files(file_list)
        if self.domain == "django" and self.default_locale_path:
            entries = "".join(f'\nmsgid {normalize(text)}\nmsgstr ""\n' for text in sorted(translatable_data()))
            with Path(self.default_locale_path, "django.pot").open("a", encoding="utf-8") as template:
                template.write(entries)
