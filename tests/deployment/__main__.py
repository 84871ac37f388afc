"""Follow docs/operations.md word by word in an empty Debian with systemd, and check what it promises.

`make deployment`. What is lent instead of fetched, and what is skipped, is printed.
"""

import argparse
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.deployment import promises
from tests.deployment.document import Block, blocks, packages
from tests.deployment.machine import Machine
from tests.deployment.tree import (
    Missing,
    bare_tree,
    copy_tree,
    download_packages,
    download_wheels,
    need,
    remove,
    repository,
)

PAGE = "docs/operations.md"
LENT = "/srv/python-packages"
# What every installed Debian has, and debootstrap's smallest tree has not.
STANDARD = ("systemd", "systemd-sysv", "dbus", "ca-certificates", "python3", "procps", "iproute2")


def skip(text: str) -> None:
    print(f"SKIPPED: {text}", flush=True)


def prepare(folder: Path, found: list[Block]) -> tuple[Path, dict[str, Path]]:
    """Return a tree, and the folders that are lent to its machine."""
    tree = copy_tree(bare_tree(STANDARD), folder / "tree")
    (tree / "etc" / "hostname").write_text("lab\n")
    download_packages(tree, packages(found))
    wheels = download_wheels("setuptools==80.9.0", "musicnn==0.1.0", "async-timeout==5.0.1")
    (tree / "etc" / "pip.conf").write_text("[global]\nno-index = true\nfind-links = /srv/wheels\n")
    lent = next(Path(path) for path in sys.path if path.endswith("site-packages"))
    skip(f"Python's packages are not downloaded: those of {lent} are lent (`make container` installs the web's).")
    skip("The certificate is the page's own, not one by Let's Encrypt; no graphics card; one machine.")
    skip("Limits of memory: control groups of this machine may not be passed on to the one inside.")
    return tree, {"/srv/wheels": wheels, LENT: lent, "/srv/repository": repository(folder / "repository")}


def follow(machine: Machine, values: Block, chosen: list[Block]) -> None:
    """Run blocks as they stand, after the values that a reader changes."""
    mine = values.text.replace("https://git.example.org/earsight.git", "/srv/repository")
    assert "REPOSITORY=/srv/repository" in mine, "the page's first block names the repository differently now"
    for block in chosen:
        began = time.monotonic()
        output = machine.run(mine + block.text)
        print(f"  {block.text.strip().splitlines()[-1][:90]}  ({time.monotonic() - began:.0f} s)", flush=True)
        if "set-password" in output:
            assert "https://earsight.example.org/console/set-password/" in output
        if "-m venv" in block.text:
            machine.run(f"echo {LENT} > $(echo /opt/earsight/.venv/lib/python3*/site-packages)/lent.pth")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true", help="keep the tree, to look into it")
    options = parser.parse_args()
    try:
        need("debootstrap", "systemd-nspawn", "nsenter", "git")
    except Missing as missing:
        print(missing)
        return 2
    found = blocks(PAGE)
    folder = Path(tempfile.mkdtemp(prefix="earsight-deployment-"))
    passed = 0
    try:
        tree, binds = prepare(folder, found)
        with Machine(tree, binds) as machine:

            def follow_section(heading: str) -> None:
                chosen = [block for block in found[1:] if block.heading == heading]
                assert chosen, f"{PAGE} has no commands below “{heading}” any more"
                print(f"{PAGE}, “{heading}”", flush=True)
                follow(machine, found[0], chosen)

            follow_section("On Debian")
            for promise in promises.ALL:
                began = time.monotonic()
                said = promise(machine, follow_section)
                passed += 1
                name = promise.__name__.replace("_", " ")
                print(f"ok: {name}{f': {said}' if said else ''}  ({time.monotonic() - began:.0f} s)", flush=True)
    except (RuntimeError, AssertionError):
        traceback.print_exc(limit=-2)
        print(f"{passed} passed, 1 failed")
        return 1
    finally:
        if options.keep:
            print(f"kept: {folder}")
        else:
            remove(folder)
    print(f"{passed} passed, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
