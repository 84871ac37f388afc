"""Private servers that tests stop and start as they like: PostgreSQL and RabbitMQ (Redis is in `broker_faults`)."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from tests.generation.runs.broker_faults import PrivateRedis
from tests.services import own_port, wait_until

__all__ = ["PrivatePostgres", "PrivateRabbit", "PrivateRedis"]


class PrivatePostgres:
    """A cluster in a temporary folder; PostgreSQL refuses to run as root, so then it runs as its own user."""

    def __init__(self) -> None:
        self.port = own_port()
        self.user = "postgres" if os.geteuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="earsight-postgres-"))
        if self.user:
            owner = pwd.getpwnam(self.user)
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        self._run("initdb", "-D", str(self.folder / "data"), "-U", "earsight", "-A", "trust", "-E", "UTF8", "-N")
        self.start()
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "earsight", "earsight")

    @property
    def url(self) -> str:
        return f"postgres://earsight@127.0.0.1:{self.port}/earsight"

    def _run(self, *command: str) -> None:
        subprocess.run(
            command, check=True, user=self.user, cwd="/", stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )

    def start(self) -> None:
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c max_connections=60"
        log = str(self.folder / "log")
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-t", "120", "-l", log, "-o", options, "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop it: `fast` ends connections, `immediate` is a crash from which it recovers at its next start."""
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-t", "120", "-m", mode, "stop")

    def remove(self) -> None:
        with suppress(subprocess.CalledProcessError):  # it is stopped
            self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)


class PrivateRabbit:
    """A RabbitMQ node of its own, with its own files; it keeps durable queues over a restart."""

    def __init__(self, folder: str) -> None:
        self.port, self.folder = own_port(), Path(folder)
        home = self.folder / "rabbit"
        home.mkdir()
        self.env = os.environ | {
            "HOME": str(home),
            "RABBITMQ_NODENAME": f"earsight{self.port}@localhost",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(own_port()),
            "RABBITMQ_MNESIA_BASE": str(home),
            "RABBITMQ_LOG_BASE": str(home),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "plugins"),
            "RABBITMQ_PID_FILE": str(home / "pid"),
            "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq"),
        }
        (home / "rabbitmq.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{self.port}\n", encoding="ascii")
        self.start()

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def start(self) -> None:
        program = "/usr/lib/rabbitmq/bin/rabbitmq-server"
        with (self.folder / "rabbit.log").open("ab") as log:
            self.process = subprocess.Popen([program], env=self.env, stdout=log, stderr=log, start_new_session=True)
        started = wait_until(lambda: self._answers() or self.process.poll() is not None, 240)
        assert started, (self.folder / "rabbit.log").read_text()[-2000:]
        assert self.process.poll() is None, (self.folder / "rabbit.log").read_text()[-2000:]

    def _answers(self) -> bool:
        import amqp

        try:
            with amqp.Connection(f"127.0.0.1:{self.port}", connect_timeout=2):
                return True
        except (OSError, amqp.AMQPError):
            return False

    def stop(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
