"""`manage.py add_researcher NAME [--operator] [--email …] [--new-link | --first]`: an account, by a link.

Nobody but the researcher ever knows the password. The link works once and for `PASSWORD_RESET_TIMEOUT`.
"""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from study.management.command import EarsightCommand
from study.participants.links import full_url


class Command(EarsightCommand):
    help = "Make an account for the console and print a link by which its password is set, once and within three days."
    examples = ("mina", "mina --new-link")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="name to sign in with")
        parser.add_argument(
            "--operator",
            action="store_true",
            help="may see all studies of this installation",
        )
        parser.add_argument("--email", default="", help="where mails about their studies go")
        parser.add_argument(
            "--new-link",
            action="store_true",
            help="the account is there: print another link, for a forgotten password",
        )

        parser.add_argument("--first", action="store_true", help="make it only if there is no account yet")

    def handle(
        self, *args: Any, name: str, operator: bool, email: str, new_link: bool, first: bool, **options: Any
    ) -> None:
        if first and get_user_model().objects.exists():
            self.stdout.write("There are accounts already; add_researcher makes another one.")
            return
        user = self._existing(name) if new_link else self._new(name, operator, email)
        self.stdout.write(f"name:     {user.get_username()}")
        self.stdout.write(f"link:     {password_link(user)}")
        self.stdout.write(f"It sets the password once, within {settings.PASSWORD_RESET_TIMEOUT // 86_400} days.")

    def _existing(self, name: str) -> Any:
        user = get_user_model().objects.filter(username=name, is_active=True).first()
        if user is None:
            raise CommandError(f"There is no account “{name}”. Leave out --new-link to make it.", returncode=2)
        return user

    def _new(self, name: str, operator: bool, email: str) -> Any:
        users = get_user_model()
        if users.objects.filter(username__iexact=name).exists():
            raise CommandError(
                f"There is an account “{name}” already. Choose another name, or add --new-link for a new password.",
                returncode=2,
            )
        user = users(username=name, email=email, is_superuser=operator, is_staff=operator)
        user.set_unusable_password()
        try:
            user.full_clean()
        except ValidationError as error:
            raise CommandError(f"“{name}” cannot be used: {' '.join(error.messages)}", returncode=2) from error
        user.save()
        return user


def password_link(user: Any) -> str:
    """Return a link by which the user sets a password, once and within `PASSWORD_RESET_TIMEOUT`."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    return full_url(reverse("set_password", args=[uid, default_token_generator.make_token(user)]))
