"""Bare Debian trees, made by debootstrap once and copied for each run, and what is fetched for them beforehand.

The machine in which the docs are followed has a network of its own without a way out. So packages are downloaded
before: those of Debian into its package cache, Python's into a folder of wheels.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SUITE = "bookworm"
MIRROR = os.environ.get("DEBIAN_MIRROR", "http://deb.debian.org/debian")
# Not in the repository, whose tools would look into a whole Debian.
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "earsight-deployment"


class Missing(Exception):
    """The machine lacks something that this test needs."""


def need(*programs: str) -> None:
    """Raise Missing if this is not root or a program is not installed."""
    if os.geteuid() != 0:
        raise Missing("Only root can make Debian trees and start machines in them.")
    for program in programs:
        if shutil.which(program) is None:
            raise Missing(f"{program} is missing: apt-get install debootstrap systemd-container iproute2")


def run(*command: str | Path, **options: object) -> str:
    """Return what a command printed; its error output ends the test with it."""
    done = subprocess.run([str(word) for word in command], text=True, capture_output=True, check=False, **options)  # type: ignore[call-overload]
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return str(done.stdout)


def bare_tree(include: tuple[str, ...] = ()) -> Path:
    """Return a Debian tree that nobody changes: copy it."""
    base = CACHE / f"{SUITE}-{hashlib.sha256(','.join(include).encode()).hexdigest()[:8]}"
    if not base.exists():
        print(f"Making {base} by debootstrap, once …", flush=True)
        scratch = base.with_name(base.name + ".part")
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        extra = [f"--include={','.join(include)}"] if include else []
        run("debootstrap", "--variant=minbase", *extra, SUITE, scratch, MIRROR)
        scratch.rename(base)
    return base


def copy_tree(base: Path, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    run("cp", "-a", "--reflink=auto", base, target)
    return target


def chroot(tree: Path, script: str, **environment: str) -> str:
    """Run a script in a tree, with this machine's network."""
    shutil.copy("/etc/resolv.conf", tree / "etc" / "resolv.conf")
    values = {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root",
        "DEBIAN_FRONTEND": "noninteractive",
    } | environment
    return run("chroot", tree, "/bin/sh", "-euc", script, env=values)


def download_packages(tree: Path, names: list[str]) -> None:
    """Put Debian's packages and lists into the tree's cache without installing them; keep them for the next run."""
    archives = tree / "var" / "cache" / "apt" / "archives"
    kept = CACHE / "debs"
    kept.mkdir(parents=True, exist_ok=True)
    for package in kept.glob("*.deb"):
        shutil.copy(package, archives)
    (tree / "etc/apt/apt.conf.d/50keep").write_text('Binary::apt-get::APT::Keep-Downloaded-Packages "true";\n')
    chroot(tree, f"apt-get update -qq; apt-get install -qq --yes --download-only {' '.join(names)}")
    for package in archives.glob("*.deb"):
        if not (kept / package.name).exists():
            shutil.copy(package, kept)


def download_wheels(*requirements: str) -> Path:
    """Return a folder with these wheels, for a machine without network."""
    wheels = CACHE / "wheels"
    wheels.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", wheels, *requirements]
    run(*command, env={name: value for name, value in os.environ.items() if name != "PIP_NO_INDEX"})
    return wheels


def repository(target: Path) -> Path:
    """Return a new git repository with the working tree as it is now, changes that are not committed among it."""
    listed = run("git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    for name in filter(None, listed):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    git = ["git", "-C", target, "-c", "user.name=test", "-c", "user.email=test@localhost"]
    run("git", "init", "--quiet", "--initial-branch", "main", target)
    run(*git, "add", "--all")
    run(*git, "commit", "--quiet", "--message", "The working tree")
    return target


def remove(folder: Path) -> None:
    """Delete a folder of this test, unless something is still mounted below it: that would be deleted too."""
    mounted = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    if any(Path(place).is_relative_to(folder) for place in mounted):
        print(f"kept, because something is mounted in it: {folder}")
        return
    run("rm", "--recursive", "--force", "--one-file-system", folder)
