"""The commands of a page of the docs: every block marked `sh`, in order, by the heading above it."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_PARTS = re.compile(r"^## (?P<heading>[^\n]+)$|^```sh\n(?P<block>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    heading: str
    text: str


def blocks(path: str) -> list[Block]:
    """Return the blocks of a page, in order."""
    heading, found = "", []
    for part in _PARTS.finditer((ROOT / path).read_text(encoding="utf-8")):
        if part["heading"]:
            heading = part["heading"]
        else:
            found.append(Block(heading, part["block"]))
    return found


def packages(found: list[Block]) -> list[str]:
    """Return what the blocks install from Debian."""
    lines = [line for block in found for line in block.text.splitlines() if line.startswith("apt-get install")]
    return sorted({word for line in lines for word in line.split()[2:] if not word.startswith("-")})
