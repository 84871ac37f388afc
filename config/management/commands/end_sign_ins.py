"""`manage.py end_sign_ins [NAME]`: signs a researcher out of every browser, or everybody."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError

from config.accounts.sessions import end_sign_ins
from study.management.command import EarsightCommand
from study.models.log import record


class Command(EarsightCommand):
    help = "Sign a researcher out of every browser, or everybody if no name is given. Passwords stay as they are."
    examples = ("mina", "")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="?", help="the name that the researcher signs in with")

    def handle(self, *args: Any, name: str | None, **options: Any) -> None:
        users = get_user_model().objects.all()
        if name is not None:
            users = users.filter(username=name)
            if not users.exists():
                raise CommandError(f"There is no account “{name}”. Look at the spelling.", returncode=2)
        count = 0
        for user in users:
            if ended := end_sign_ins(user):
                record(None, "sign-ins ended", account=user.get_username(), count=ended)
            count += ended
        self.stdout.write(f"sign-ins ended: {count}")
