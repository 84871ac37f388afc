"""A small reader of container files: it does in a bare tree what FROM, ARG, ENV, WORKDIR, USER, COPY and RUN say."""

import fnmatch
import json
import re
import shlex
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from tests.deployment.tree import ROOT, run


@dataclass
class Image:
    """What a build leaves behind: a tree, and how a container of it starts."""

    tree: Path
    environment: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    user: str = "root"
    command: list[str] = field(default_factory=list)

    def start_command(self, command: list[str]) -> list[str]:
        """Return the words that run a command in the tree as the image's user."""
        user = [] if self.user == "root" else ["setpriv", "--reuid", self.user, "--regid", self.user, "--init-groups"]
        script = f'cd {shlex.quote(self.folder)}; exec "$@"'
        return ["/usr/sbin/chroot", str(self.tree), *user, "sh", "-c", script, "sh", *command]


def instructions(text: str) -> list[tuple[str, str]]:
    """Return name and rest of each instruction."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in joined.splitlines()]


def build(text: str, tree: Path, arguments: dict[str, str], extra: dict[str, str]) -> Image:
    """Do all instructions. `arguments`: as --build-arg; `extra`: environment of the builder, such as a proxy's.

    Raises:
        ValueError: an instruction is none of those that are known here.
    """
    image = Image(tree, {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"})
    args: dict[str, str] = {}
    for name, rest in instructions(text):
        print(f"  {name} {rest[:100]}", flush=True)
        if name == "ARG":
            key, _, default = rest.partition("=")
            args[key] = arguments.get(key, default)
        elif name == "ENV":
            key, _, value = rest.partition("=")
            image.environment[key] = value
        elif name == "WORKDIR":
            image.folder = rest
            (tree / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)
        elif name == "USER":
            image.user = rest
        elif name == "COPY":
            *sources, target = rest.split()
            _copy(sources, tree / image.folder.lstrip("/") / target)
        elif name == "RUN":
            shell = image.start_command(["sh", "-euc", rest])
            run(*shell, env=image.environment | args | extra | {"HOME": "/root", "DEBIAN_FRONTEND": "noninteractive"})
        elif name == "CMD":
            image.command = json.loads(rest)
        elif name not in ("FROM", "VOLUME", "EXPOSE"):
            raise ValueError(f"{name} is not known here")
    return image


def _copy(sources: list[str], target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    if sources != ["."]:
        for source in sources:
            shutil.copy(ROOT / source, target)
        return
    for name in context():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target / name)


def context() -> list[str]:
    """Return the files that git knows, or would, and .dockerignore does not leave out."""
    ignored = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    listed = run("git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    return [name for name in listed if name and (ROOT / name).is_file() and not _is_ignored(name, ignored)]


def _is_ignored(name: str, ignored: list[str]) -> bool:
    parents = ["/".join(name.split("/")[: end + 1]) for end in range(name.count("/") + 1)]
    return any(
        fnmatch.fnmatch(parent if not rule.startswith("**/") else parent.rpartition("/")[2], rule.removeprefix("**/"))
        for rule in ignored
        for parent in parents
    )
