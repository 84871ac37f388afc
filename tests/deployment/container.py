"""Do what the Containerfile says in an empty Debian, and run the commands of compose.yaml's services there.

`make container`. No container engine runs: isolation, health checks, restarts and published ports are the engine's part
and are not tried. PostgreSQL, Redis and nginx are Debian's instead of the images that compose.yaml names.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.deployment.containerfile import Image, build
from tests.deployment.tree import ROOT, Missing, bare_tree, chroot, copy_tree, need, remove, run

CONTAINER = ROOT / "deploy" / "container"
VALUES = {"DOMAIN": "earsight.example.org", "DB_PASSWORD": "three-words-here"}
SERVERS = ("postgresql", "redis-server", "nginx-light", "openssl", "curl", "ca-certificates")


def skip(text: str) -> None:
    print(f"SKIPPED: {text}", flush=True)


def filled(value: str) -> str:
    """Return a value of compose.yaml with its variables; `$$` is a dollar sign."""
    value = re.sub(r"\$\{(\w+)(:\?[^}]*)?\}", lambda match: VALUES[match[1]], value)
    return value.replace("$$", "$")


class Network:
    """A network that holds the services only, each under its name."""

    def __enter__(self) -> "Network":
        self._holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        time.sleep(0.5)
        self.run("ip", "link", "set", "lo", "up")
        return self

    def __exit__(self, *_error: object) -> None:
        self._holder.kill()
        self._holder.wait()

    def words(self, *command: str) -> list[str]:
        return ["nsenter", f"--net=/proc/{self._holder.pid}/ns/net", "--", *command]

    def run(self, *command: str) -> str:
        return run(*self.words(*command))

    @contextmanager
    def service(self, name: str, command: list[str], environment: dict[str, str], log: Path) -> Iterator[Any]:
        """Run a service while the block runs; asked to stop, it must end by itself within its grace period."""
        with log.open("ab") as file:
            words = self.words(*command)
            process = subprocess.Popen(words, env=environment, stdout=file, stderr=file, start_new_session=True)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(75)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                print(f"{name} had to be killed")


def lend(tree: Path, source: Path, target: str) -> Path:
    where = tree / target.lstrip("/")
    where.mkdir(parents=True, exist_ok=True)
    run("mount", "--bind", "--read-only", source, where)
    return where


def wait_for(network: Network, what: str, *command: str, seconds: float = 180) -> float:
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if subprocess.run(network.words(*command), capture_output=True, check=False).returncode == 0:
            return time.monotonic() - began
        time.sleep(1)
    raise RuntimeError(f"{what}: not within {seconds:.0f} s")


def servers_tree(folder: Path) -> Path:
    """Return a tree with PostgreSQL, Redis and nginx, and a certificate."""
    tree = copy_tree(bare_tree(), folder / "servers")
    (tree / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
    (tree / "usr/sbin/policy-rc.d").chmod(0o755)
    chroot(tree, f"apt-get update -qq; apt-get install -qq --yes --no-install-recommends {' '.join(SERVERS)}")
    shutil.copytree(ROOT / "deploy" / "nginx", tree / "opt/earsight/deploy/nginx")
    name = VALUES["DOMAIN"]
    script = f"""mkdir -p /etc/earsight/tls; openssl req -x509 -newkey rsa:2048 -nodes -days 9 -subj /CN={name} \
        -addext subjectAltName=DNS:{name} -keyout /etc/earsight/tls/privkey.pem -out /etc/earsight/tls/fullchain.pem
        rm -f /etc/nginx/sites-enabled/default"""
    chroot(tree, script)
    return tree


def start(services: dict[str, Any], image: Image, servers: Path, folder: Path, lent: str) -> None:
    """Start every service in the order in which they need each other, and ask for a page."""
    names = "127.0.0.1 localhost db redis web earsight.example.org\n"
    for tree in (image.tree, servers):
        (tree / "etc/hosts").write_text(names)
    environment = image.environment | {
        name: filled(str(value)) for name, value in services["web"]["environment"].items()
    }
    paths = f"{image.environment['PATH']}:/usr/sbin:/sbin"
    user = {"HOME": "/tmp", "LANG": "C.UTF-8", "PATH": paths}

    def at(name: str) -> Path:
        return folder / f"{name}.log"

    def command(name: str) -> list[str]:
        return image.start_command([filled(word) for word in services[name].get("command", image.command)])

    with Network() as network:
        postgres = "/usr/lib/postgresql/15/bin/postgres -D /var/lib/postgresql/15/main"
        postgres += " -c config_file=/etc/postgresql/15/main/postgresql.conf -c port=5432"
        database = ["chroot", str(servers), "setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups"]
        redis = [filled(word) for word in services["redis"]["command"]]
        with (
            network.service("db", [*database, "sh", "-c", f"exec {postgres}"], user, at("db")),
            network.service("redis", ["chroot", str(servers), *redis], user, at("redis")),
        ):
            wait_for(network, "the database", "chroot", str(servers), "pg_isready", "-h", "127.0.0.1")
            sql = f"CREATE ROLE earsight LOGIN PASSWORD '{VALUES['DB_PASSWORD']}'"
            network.run(*database, "psql", "-h", "/var/run/postgresql", "-c", sql)
            network.run(*database, "createdb", "-h", "/var/run/postgresql", "--owner", "earsight", "earsight")
            with network.service("migrate", command("migrate"), environment, at("migrate")) as migrate:
                assert migrate.wait(600) == 0, at("migrate").read_text()[-2000:]
            print("ok: migrate ends with 0", flush=True)
            worker = environment | {"PYTHONPATH": lent}
            proxy = ["chroot", str(servers), *(filled(word) for word in services["proxy"]["command"])]
            with (
                network.service("web", command("web"), environment, at("web")),
                network.service("worker-cpu", command("worker-cpu"), worker, at("worker-cpu")),
                network.service("worker-gpu", command("worker-gpu"), worker, at("worker-gpu")),
                network.service("proxy", proxy, user | {"DOMAIN": VALUES["DOMAIN"]}, at("proxy")),
            ):
                page = ["chroot", str(servers), "curl", "--silent", "--show-error", "--fail", "--cacert",
                        "/etc/earsight/tls/fullchain.pem", "https://earsight.example.org/console/sign-in/"]  # fmt: skip
                seconds = wait_for(network, f"a page (see {at('web')})", *page)
                print(f"ok: a page by https after {seconds:.0f} s", flush=True)
                assert "csrfmiddlewaretoken" in network.run(*page)
                health = image.start_command(services["web"]["healthcheck"]["test"][1:])
                subprocess.run(network.words(*health), env=environment, check=True, timeout=60)
                print("ok: the health check of web", flush=True)
                ping = image.start_command(
                    ["python", "-m", "celery", "-A", "config", "inspect", "ping", "--timeout", "20"]
                )
                said = ""
                for _ in range(6):
                    done = subprocess.run(network.words(*ping), env=worker, capture_output=True, text=True, check=False)
                    said = done.stdout
                    if "cpu@" in said and "gpu@" in said:
                        break
                assert "gpu@" in said, said
                assert "cpu@" in said, said
                print("ok: both workers answer", flush=True)
                backup = image.start_command(["python", "manage.py", "backup", "/var/backups/earsight"])
                subprocess.run(network.words(*backup), env=environment, check=True, timeout=300)
                print("ok: a backup by pg_dump of the image", flush=True)
    print("ok: each service ended by itself when asked", flush=True)


def main() -> int:
    try:
        need("debootstrap", "nsenter", "unshare", "git")
    except Missing as missing:
        print(missing)
        return 2
    folder = Path(tempfile.mkdtemp(prefix="earsight-container-"))
    services = yaml.safe_load((CONTAINER / "compose.yaml").read_text())["services"]
    mounted: list[Path] = []
    failed = False
    try:
        skip("No container engine: isolation, health checks, restarts and published ports are its part.")
        print("deploy/container/Containerfile", flush=True)
        tree = copy_tree(bare_tree(), folder / "image")
        shutil.copy("/etc/resolv.conf", tree / "etc/resolv.conf")
        extra = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
        # The certificates that this machine trusts: its way to PyPI may be through a mirror.
        shutil.copy("/etc/ssl/certs/ca-certificates.crt", tree / "srv/trusted.crt")
        extra["PIP_CERT"] = "/srv/trusted.crt"
        run("mount", "-t", "proc", "proc", tree / "proc")
        mounted.append(tree / "proc")
        (tree / "dev/shm").chmod(0o1777)
        image = build((CONTAINER / "Containerfile").read_text(), tree, {"EXTRAS": ""}, extra)
        print("ok: the image is built", flush=True)
        lent = next(Path(path) for path in sys.path if path.endswith("site-packages"))
        mounted.append(lend(tree, lent, "/srv/python-packages"))
        skip(f"EXTRAS=[worker] is not installed (5 GB): the workers use the packages of {lent}.")
        servers = servers_tree(folder)
        (servers / "dev/shm").chmod(0o1777)
        (tree / "etc/earsight").mkdir()
        shutil.copy(ROOT / "deploy/earsight.env", tree / "etc/earsight/earsight.env")
        start(services, image, servers, folder, "/srv/python-packages")
    except (RuntimeError, AssertionError, subprocess.SubprocessError, ValueError) as error:
        print(f"FAILED: {error}")
        failed = True
    finally:
        for place in reversed(mounted):
            subprocess.run(["umount", "--lazy", place], check=False)
        if failed:
            print(f"kept: {folder}")
        else:
            remove(folder)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
