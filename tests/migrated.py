"""An empty database of SQLite in which all migrations have run: made once, copied by each process that needs one.

The seventy migrations take some seconds of processor time, and some dozen processes of a run begin with an empty one.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "var" / "tests" / "migrated"


def copy_migrated(target: Path) -> None:
    """Put the migrated database at `target`, unless something is there already."""
    if target.exists():
        return
    made = _made()
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(made, target)


def make_tables() -> None:
    """Let the database of this process have its tables; Django is set up here."""
    from django.core.management import call_command
    from django.db import connection

    if connection.vendor == "sqlite":
        copy_migrated(Path(str(connection.settings_dict["NAME"])))
    else:
        call_command("migrate", verbosity=0)


def _made() -> Path:
    """The file to copy: its name holds a digest of what it is made from, so that none is out of date."""
    KEPT.mkdir(parents=True, exist_ok=True)
    made = KEPT / f"{_digest()}.sqlite3"
    with (KEPT / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            for older in KEPT.glob("*.sqlite3"):
                older.unlink()
            with tempfile.TemporaryDirectory(dir=KEPT) as folder:
                # The settings of the product, whatever those of this process are.
                environment = {name: value for name, value in os.environ.items() if not name.startswith("EARSIGHT_")}
                environment |= {"EARSIGHT_DATA": folder, "DJANGO_SETTINGS_MODULE": "config.settings"}
                command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
                subprocess.run(command, cwd=ROOT, env=environment, check=True)
                made_here = Path(folder) / "earsight.sqlite3"
                assert not made_here.with_name("earsight.sqlite3-wal").exists()  # all of it is in the one file
                made_here.rename(made)
    return made


def _digest() -> str:
    files = [*ROOT.glob("*/migrations/*.py"), *ROOT.glob("*/models.py"), *ROOT.glob("study/models/*.py")]
    content = b"".join(file.read_bytes() for file in sorted(files))
    versions = " ".join(map(version, ("django", "django-axes", "django-otp")))
    return hashlib.sha256(content + versions.encode()).hexdigest()[:16]
