"""`manage.py setup`: ask for what is missing, write the env file, and make everything that the service needs.

It runs before there are settings (manage.py gives it its own), and again after each upgrade.
"""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError

from config.installation import set_up
from config.installation.questions import QUESTIONS, find_answers
from study.management.arguments import path_of
from study.management.command import EarsightCommand


class Command(EarsightCommand):
    help = (
        "Set up an installation: asks for what is missing, writes the env file, makes the database's tables, "
        "translations, static files, the tagger's weights and the first account. What is there stays as it is."
    )
    examples = (
        "--user earsight --account mina",
        "--env-file earsight.env --no-input --address https://earsight.example.org",
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--env-file",
            type=path_of,
            default=Path(os.environ.get("EARSIGHT_ENV_FILE") or "/etc/earsight/earsight.env"),
            help="where the settings are kept (default: EARSIGHT_ENV_FILE, or /etc/earsight/earsight.env)",
        )
        parser.add_argument("--user", help="who runs the service, if root runs this command")
        parser.add_argument("--no-input", action="store_true", help="ask nothing; take options, file and environment")
        parser.add_argument("--account", help="name of the first account, if there is none yet")
        parser.add_argument("--operator", action="store_true", help="the first account may see all studies")
        for question in QUESTIONS:
            hint = "; better in the environment, where other users do not see it" if question.is_secret else ""
            parser.add_argument(f"--{question.option}", help=f"{question.name}{hint}")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["env_file"].resolve()
        try:
            self._set_up(path, options)
        except ImproperlyConfigured as error:
            raise CommandError(str(error), returncode=2) from None
        except CommandError as error:
            error.returncode = 2  # 1 is for findings
            raise
        except (EOFError, KeyboardInterrupt):
            raise CommandError("Stopped; run it again to go on.", returncode=130) from None

    def _set_up(self, path: Path, options: dict[str, Any]) -> None:
        user = set_up.service_user(options["user"])
        stored = set_up.read_stored(path)
        given = {question.option: options[question.option.replace("-", "_")] for question in QUESTIONS}
        answers = find_answers(stored, given, None if options["no_input"] else input)
        account = options["account"]
        if not stored and not account and not options["no_input"]:
            account = input("Name of the first account for the console (empty: none): ").strip()
        values = set_up.missing_values(stored, answers)
        if values:
            set_up.write_env_file(path, values, user)
            self.stdout.write(f"Settings: {path} ({', '.join(values)})")
        else:
            self.stdout.write(f"Settings: {path} (nothing was missing)")
        set_up.make_data_folder(Path(os.environ["EARSIGHT_DATA"]), user)
        manage = set_up.Manage(path, user, self.stdout.write)
        manage.prepare(account, is_operator=options["operator"])
        if warnings := manage.deployment_warnings():
            self.stdout.write(f"Before others reach it:\n{warnings}")
        if options["user"] and (advice := set_up.sandbox_advice(set_up.folders_outside(stored | values))):
            self.stdout.write(advice)
        self.stdout.write(
            "Ready. Start, or restart, the web server and the workers (docs/operations.md). On one machine without "
            f"units:\n  EARSIGHT_ENV_FILE={path} gunicorn -c python:config.installation.gunicorn config.wsgi\n"
            f"  EARSIGHT_ENV_FILE={path} celery -A config worker --beat --queues cpu,api,gpu"
        )
