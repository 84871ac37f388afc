"""`manage.py remove_second_factor NAME`: for a researcher who has lost both the phone and the recovery codes."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError

from config.accounts.second_factor import devices
from study.management.command import EarsightCommand


class Command(EarsightCommand):
    help = (
        "Remove the second factor of a researcher who has lost phone and recovery codes, and end their sign-ins. Make "
        "sure first that it is they who ask. The password stays as it is; the log says it, and a mail to their address."
    )
    examples = ("mina",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the name that the researcher signs in with")

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        user = get_user_model().objects.filter(username=name).first()
        if user is None:
            raise CommandError(f"There is no account “{name}”. Look at the spelling.", returncode=2)
        if devices.remove(user):
            self.stdout.write(f"The second factor of {name} is removed: the password alone signs them in now.")
        else:
            self.stdout.write(f"{name} has no second factor; nothing was changed.")
