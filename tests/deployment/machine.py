"""A machine in a Debian tree: systemd boots as process 1, with process table, mounts and network of its own."""

import secrets
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Machine:
    """Boot a tree while the block runs. `binds`: folders of this machine by their path in the other, read-only."""

    def __init__(self, tree: Path, binds: dict[str, Path]) -> None:
        self.tree, self._binds = tree, binds
        self._log = tree.with_name(tree.name + ".console")
        self._name = f"earsight-{secrets.token_hex(3)}"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Machine":
        self._boot()
        return self

    def _boot(self) -> None:
        binds = [f"--bind-ro={source}:{target}" for target, source in self._binds.items()]
        command = ["systemd-nspawn", "--quiet", "--directory", str(self.tree), "--boot", "--private-network"]
        command += ["--register=no", "--keep-unit", "--machine", self._name, "--console=pipe", *binds]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        self.wait_until_up()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        try:
            self.run("systemctl poweroff", check=False)
            self._process.wait(90)
        except (subprocess.TimeoutExpired, RuntimeError):
            self._process.kill()
            self._process.wait()

    def _first_process(self) -> int:
        """Return the number, here, of the machine's process 1."""
        assert self._process is not None
        found = [self._process.pid]
        for pid in found:
            try:
                status = Path(f"/proc/{pid}/status").read_text()
                children = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
            except OSError:
                continue
            numbers = next(line.split()[1:] for line in status.splitlines() if line.startswith("NSpid:"))
            if len(numbers) > 1 and numbers[-1] == "1":
                return pid
            found += [int(number) for text in children for number in text.split()]
        raise RuntimeError(f"The machine does not run; see {self._log}.")

    def run(self, script: str, *, check: bool = True, seconds: float = 900, user: str | None = None) -> str:
        """Return what a script printed, errors too.

        Raises:
            RuntimeError: it failed, and `check` is true; the message has the output.
        """
        enter = ["nsenter", "--target", str(self._first_process()), "--all", "--"]
        as_user = ["setpriv", "--reuid", user, "--regid", user, "--init-groups"] if user else []
        values = [f"PATH={PATH}", f"HOME={'/root' if user is None else '/tmp'}", "LANG=C.UTF-8"]
        values += ["DEBIAN_FRONTEND=noninteractive", "PIP_DISABLE_PIP_VERSION_CHECK=1"]
        done = subprocess.run(
            [*enter, "env", "-i", *values, *as_user, "bash", "-euo", "pipefail", "-c", script],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", timeout=seconds, check=False, cwd="/",
        )  # fmt: skip
        if check and done.returncode:
            raise RuntimeError(f"rc {done.returncode} of:\n{script}\n{done.stdout[-6000:]}")
        return done.stdout

    def wait(self, condition: Callable[[], object], what: str, seconds: float = 240) -> float:
        """Wait until the condition holds; return the seconds. RuntimeErrors of it count as no."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            try:
                if condition():
                    return time.monotonic() - began
            except RuntimeError:
                pass
            time.sleep(1)
        raise RuntimeError(f"Not within {seconds:.0f} s: {what}")

    def wait_until_up(self) -> None:
        """Wait until all that starts with the machine has started or failed."""
        self.wait(lambda: "running" in self._state() or "degraded" in self._state(), "the machine boots")

    def _state(self) -> str:
        return self.run("systemctl is-system-running", check=False, seconds=60)

    def reboot(self) -> float:
        """Restart the machine; return the seconds until it is up."""
        began = time.monotonic()
        assert self._process is not None
        self.run("systemctl reboot", check=False)
        self._process.wait(120)  # what would boot it again is the unit of systemd-nspawn, which this machine lacks
        self._boot()
        return time.monotonic() - began
