"""An empty database in which all migrations have run: made once, copied by each process that needs one.

The seventy migrations take some seconds of processor time, and some dozen processes of a run begin with an empty one.
On SQLite it is a file under `var/tests/`, on PostgreSQL a database of the server, `earsight_migrated_…`.
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
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "var" / "tests" / "migrated"
# PostgreSQL's: the beginning of its name, and the number of the lock under which it is made and copied.
TEMPLATE, LOCK = "earsight_migrated_", 20_260_101


def copy_migrated(target: Path) -> None:
    """Put the migrated database at `target`, unless something is there already."""
    if target.exists():
        return
    made = _made()
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(made, target)


def make_tables() -> None:
    """Let the database of this process have its tables; Django is set up here."""
    from django.db import connection

    if connection.vendor == "sqlite":
        copy_migrated(Path(str(connection.settings_dict["NAME"])))
    else:
        copy_template(str(connection.settings_dict["NAME"]))


def copy_template(name: str) -> None:
    """Make a database of this name anew on this process's PostgreSQL, as a copy of the migrated one."""
    from django.db import connection

    connection.close()
    template = TEMPLATE + _digest()
    with on_server() as server:
        server.execute("select pg_advisory_lock(%s)", [LOCK])  # until this connection ends: no two make or copy it
        if not server.execute("select 1 from pg_database where datname = %s", [template]).fetchone():
            _make_template(server, template)
        server.execute(f'drop database if exists "{name}" with (force)')
        server.execute(f'create database "{name}" template "{template}"')


def on_server() -> Any:
    """A connection to the server of this process's PostgreSQL, outside any transaction."""
    import psycopg
    from django.db import connection

    parameters = connection.get_connection_params() | {"dbname": "postgres"}
    parameters = {key: parameters[key] for key in ("dbname", "host", "port", "user", "password") if key in parameters}
    return psycopg.connect(**parameters, autocommit=True, connect_timeout=30)


def _make_template(server: Any, template: str) -> None:
    """Run the migrations in a database that gets its name when they are done; drop those of other versions."""
    from django.core.management import call_command
    from django.db import connection

    query = "select datname from pg_database where starts_with(datname, %s)"
    for (older,) in server.execute(query, [TEMPLATE]).fetchall():
        server.execute(f'drop database "{older}" with (force)')
    unfinished = f"{TEMPLATE}unfinished"
    server.execute(f'create database "{unfinished}"')
    name = connection.settings_dict["NAME"]
    connection.settings_dict["NAME"] = unfinished
    try:
        call_command("migrate", verbosity=0)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = name
    server.execute(f'alter database "{unfinished}" rename to "{template}"')


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
