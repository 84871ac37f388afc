"""The first set-up of an installation, and any later one: it keeps what is there and makes what is missing."""

import importlib.util
import os
import pwd
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from django.core.management import CommandError, call_command

from config.environment import env_file
from config.environment import values as environment

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "deploy" / "earsight.env"
# What the units may write to, what they do not see (ProtectHome, PrivateTmp), and a file that opens more to them. It is
# not among deploy/systemd, which an upgrade copies over the units.
STATE = Path("/var/lib/earsight")
_UNSEEN = tuple(map(Path, ("/home", "/root", "/run/user", "/tmp", "/var/tmp")))  # noqa: S108 (compared only)
OPENED = Path("/etc/systemd/system/earsight-.service.d/paths.conf")


def service_user(name: str | None) -> pwd.struct_passwd | None:
    """Return the user who runs the service, or None if that is the one who runs this command.

    Raises:
        CommandError: there is no such user, only root can act for another one, or root named none.
    """
    if name is None:
        if os.geteuid() == 0:
            raise CommandError("Root does not run the service: add --user with the name of the user who does.")
        return None
    try:
        user = pwd.getpwnam(name)
    except KeyError:
        raise CommandError(f"There is no user “{name}”; make one with: adduser --system --group {name}") from None
    if user.pw_uid == os.geteuid():
        return None
    if os.geteuid() != 0:
        raise CommandError(f"Only root can set up for the user “{name}”; run this as root.")
    return user


def read_stored(path: Path) -> dict[str, str]:
    """Return what the env file holds; nothing if there is none.

    Raises:
        CommandError: it cannot be read or understood.
    """
    if not path.exists():
        return {}
    try:
        return env_file.read(path)
    except env_file.EnvFileError as error:
        raise CommandError(str(error)) from None


def missing_values(stored: dict[str, str], answers: dict[str, str]) -> dict[str, str]:
    """Return the answers, and what follows from them: the proxy of an https address.

    The secret key is not among them: it is made in the data folder when the first command runs, and backups hold it.
    """
    values = dict(answers)
    if os.environ["EARSIGHT_BASE_URL"].startswith("https://") and "EARSIGHT_PROXIES" not in stored:
        values["EARSIGHT_PROXIES"] = "1"
    return values


def write_env_file(path: Path, values: dict[str, str], user: pwd.struct_passwd | None) -> None:
    """Write values into the file, made from the shipped one, for its owner only, and for the service's group to read.

    Raises:
        CommandError: it cannot be written.
    """
    try:
        text = (path if path.exists() else TEMPLATE).read_text(encoding="utf-8")
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=".earsight-")  # readable by this user only
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(env_file.with_values(text, values))
            file.flush()
            os.fsync(file.fileno())
        if user is not None:  # a service that was taken over cannot change what it is told
            os.chown(scratch, 0, user.pw_gid)
            Path(scratch).chmod(0o640)
        Path(scratch).replace(path)
    except OSError as error:
        raise CommandError(f"{path} cannot be written ({error.strerror}); name another with --env-file.") from None
    except env_file.EnvFileError as error:
        raise CommandError(str(error)) from None


def make_data_folder(folder: Path, user: pwd.struct_passwd | None) -> None:
    """Make the data folder, for the service's user only, unless it is there."""
    if folder.is_dir():
        return
    try:
        folder.mkdir(parents=True, mode=0o700)
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
    except OSError as error:
        raise CommandError(f"EARSIGHT_DATA: {folder} cannot be made ({error.strerror}).") from None


def folders_outside(values: Mapping[str, str]) -> list[Path]:
    """Return the folders outside STATE to which the service must write.

    `values`: what the env file holds.
    """
    database = environment.database("EARSIGHT_DATABASE_URL", "sqlite:///x")
    mail = environment.mail("EARSIGHT_EMAIL_URL", "consolemail://")
    folders = {Path(values["EARSIGHT_DATA"])}
    if values.get("EARSIGHT_HEADS_FILE"):
        folders.add(Path(values["EARSIGHT_HEADS_FILE"]).parent)
    if "sqlite" in database["ENGINE"] and Path(database["NAME"]).is_absolute():
        folders.add(Path(database["NAME"]).parent)
    if mail.get("EMAIL_FILE_PATH"):
        folders.add(Path(mail["EMAIL_FILE_PATH"]))
    return sorted(folder for folder in folders if not folder.resolve().is_relative_to(STATE))


def sandbox_advice(folders: Sequence[Path]) -> str:
    """Return how the units of deploy/systemd may write to these folders; empty if there are none."""
    unseen = {folder: root for folder in folders for root in _UNSEEN if folder.resolve().is_relative_to(root)}
    lines = [
        f"The units do not see {folder}, as it is below {root}: choose another folder."
        for folder, root in unseen.items()
    ]
    if opened := [folder for folder in folders if folder not in unseen]:
        paths = [str(folder).replace("%", "%%") for folder in opened]
        words = [
            "[Service]",
            *(f'ReadWritePaths="-{path}"' if " " in path else f"ReadWritePaths=-{path}" for path in paths),
        ]
        lines += [
            "The units may write to /var/lib/earsight alone. If you use them, open your folders to them:",
            f"  printf '%s\\n' {shlex.join(words)} > {OPENED}",
            "  systemctl daemon-reload",
        ]
    return "\n".join(lines)


class Manage:
    """Run commands of manage.py as the service's user, with the env file."""

    def __init__(self, path: Path, user: pwd.struct_passwd | None, notify: Callable[[str], None]) -> None:
        self._user, self._notify = user, notify
        self._environment = os.environ | {"EARSIGHT_ENV_FILE": str(path)}
        del self._environment["DJANGO_SETTINGS_MODULE"]
        if user is not None:
            self._environment["HOME"] = user.pw_dir

    def run(self, *command: str, may_fail: bool = False) -> str:
        """Return what the command printed.

        Raises:
            CommandError: it failed, unless it may.
        """
        user = self._user
        try:
            result = subprocess.run(  # noqa: S603 (our own commands)
                [sys.executable, str(ROOT / "manage.py"), *command],
                cwd=ROOT,
                env=self._environment,
                capture_output=True,
                text=True,
                check=False,
                user=user.pw_uid if user else None,
                group=user.pw_gid if user else None,
                extra_groups=os.getgrouplist(user.pw_name, user.pw_gid) if user else None,
            )
        except PermissionError:
            who = user.pw_name if user else "This user"
            raise CommandError(
                f"{who} cannot run {sys.executable}: put code and environment where that user may read, as /opt."
            ) from None
        if result.returncode and not may_fail:
            reason = (result.stderr or result.stdout).strip().splitlines() or ["it gave no reason"]
            raise CommandError(f"`manage.py {' '.join(command)}` failed: {reason[-1]}", returncode=1)
        return "\n".join(filter(None, [result.stdout.strip(), result.stderr.strip()]))

    def prepare(self, account: str | None, *, is_operator: bool) -> None:
        """Make the database, texts, static files, weights and the first account; what is there stays."""
        self._notify("Compiling the translations …")
        try:
            call_command("compile_translations", verbosity=0)  # into the code: by the user who runs this
        except OSError as error:
            raise CommandError(f"The translations cannot be compiled: {error}. Run this as the code's owner.") from None
        self._notify("Collecting the static files …")
        self.run("collectstatic", "--no-input", "--verbosity", "0")
        if importlib.util.find_spec("torch"):
            self._notify("Fetching the tagger's weights (29 MB, once) …")
            self.run("fetch_musicnn")
        else:
            self._notify("The worker's packages are not installed here: a worker's machine fetches the weights.")
        # Late: processes of an older version that still run answer from now on that Earsight is being updated.
        self._notify("Making the database's tables …")
        self.run("migrate", "--no-input", "--verbosity", "0")
        if account:
            options = ["--operator"] if is_operator else []
            self._notify(self.run("add_researcher", account, "--first", *options))

    def deployment_warnings(self) -> str:
        """Return what `check --deploy` finds; empty if nothing."""
        found = self.run("check", "--deploy", "--fail-level", "DEBUG", may_fail=True)
        return "" if "no issues" in found else found.removeprefix("SystemCheckError: ")
