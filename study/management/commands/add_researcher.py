"""`manage.py add_researcher NAME [--operator]`: an account for the console, with a generated password."""

import secrets
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

_WITHOUT_LOOKALIKES = "abcdefghjkmnpqrstuvwxyz23456789"


def new_password() -> str:
    """Four groups of five signs, about 99 bits, without l, 1, i, o and 0."""
    return "-".join("".join(secrets.choice(_WITHOUT_LOOKALIKES) for _ in range(5)) for _ in range(4))


class Command(BaseCommand):
    help = "Make an account for the console and print its generated password, once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="name to sign in with")
        parser.add_argument(
            "--operator",
            action="store_true",
            help="may see all studies of this installation",
        )

    def handle(self, *args: Any, name: str, operator: bool, **options: Any) -> None:
        users = get_user_model()
        if users.objects.filter(username__iexact=name).exists():
            raise CommandError(f"There is an account “{name}” already. Choose another name.", returncode=2)
        password = new_password()
        user = users(username=name, is_superuser=operator, is_staff=operator)
        user.set_password(password)
        try:
            user.full_clean()
        except ValidationError as error:
            raise CommandError(f"“{name}” cannot be used: {' '.join(error.messages)}", returncode=2) from error
        user.save()
        self.stdout.write(f"name:     {name}")
        self.stdout.write(f"password: {password}")
