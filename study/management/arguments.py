"""Kinds of command-line arguments. Each refuses in one clause what it cannot use: no file, NaN, a number too large.

A path that is refused here costs nothing; found at the end of an hour's work it would cost the hour.
"""

import argparse
import math
import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from study.web.http import LARGEST_INTEGER

Kind = Callable[[str], object]


def whole_number(least: int = 0, most: int = LARGEST_INTEGER) -> Callable[[str], int]:
    """Take a whole number within bounds, written in digits."""

    def read(text: str) -> int:
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdecimal() and len(digits) < 20 and least <= int(text) <= most):
            bounds = f"from {least:,} to {most:,}" if most < LARGEST_INTEGER else f"of {least:,} or more"
            raise argparse.ArgumentTypeError(f"'{text}' is no whole number {bounds}")
        return int(text)

    return read


def number(least: float = -math.inf, most: float = math.inf, *, above: float = -math.inf) -> Callable[[str], float]:
    """Take a finite number within bounds; `above`: a bound that is not reached itself."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and least <= value <= most and value > above):
            raise argparse.ArgumentTypeError(f"'{text}' is no number{_bounds(least, most, above)}")
        return value

    return read


def _bounds(least: float, most: float, above: float) -> str:
    low = f"above {above:g}" if above > least else f"from {least:g}" if math.isfinite(least) else ""
    high = f"to {most:g}" if math.isfinite(most) else "" if not low else "on" if low.startswith("from") else ""
    return f" {' '.join(filter(None, (low, high)))}".rstrip()


def path_of(text: str) -> Path:
    """Take a path as it is, for a command that says itself, and better, what is wrong with it."""
    if not text or "\0" in text:
        raise argparse.ArgumentTypeError(f"'{text!r}' names no file")
    return Path(text)


def _is(path: Path, what: Callable[[Path], bool]) -> bool:
    try:
        return what(path)
    except OSError as error:  # such as a name that is too long
        raise argparse.ArgumentTypeError(f"{str(path)[:80]}: {error.strerror}") from None


def input_file(text: str) -> Path:
    """Take a file that can be read."""
    path = path_of(text)
    if _is(path, Path.is_dir):
        raise argparse.ArgumentTypeError(f"{path} is a folder; name a file")
    if not _is(path, Path.exists):
        raise argparse.ArgumentTypeError(f"{path}: there is no such file")
    if not os.access(path, os.R_OK):
        raise argparse.ArgumentTypeError(f"{path} cannot be read by this user")
    return path


def input_folder(text: str) -> Path:
    """Take a folder that can be read."""
    path = path_of(text)
    if not _is(path, Path.is_dir):
        problem = " is a file; name a folder" if _is(path, Path.exists) else ": there is no such folder"
        raise argparse.ArgumentTypeError(f"{path}{problem}")
    if not os.access(path, os.R_OK | os.X_OK):
        raise argparse.ArgumentTypeError(f"{path} cannot be read by this user")
    return path


def output_file(text: str) -> Path:
    """Take a file that can be written in a folder that is there; one that is there already is replaced."""
    path = path_of(text)
    if _is(path, Path.is_dir):
        raise argparse.ArgumentTypeError(f"{path} is a folder; name a file")
    if not _is(path.parent, Path.is_dir):
        raise argparse.ArgumentTypeError(f"the folder {path.parent} does not exist; create it")
    if not os.access(path if _is(path, Path.exists) else path.parent, os.W_OK):
        raise argparse.ArgumentTypeError(f"{path} cannot be written by this user")
    return path


def output_folder(text: str) -> Path:
    """Take a folder that can be written to, or made."""
    path = path_of(text)
    there = path
    while not _is(there, Path.exists) and there != there.parent:
        there = there.parent
    if not _is(there, Path.is_dir):
        raise argparse.ArgumentTypeError(f"{there} is a file; name a folder")
    if not os.access(there, os.W_OK | os.X_OK):
        raise argparse.ArgumentTypeError(f"{there} cannot be written to by this user")
    return path


def web_address(text: str) -> str:
    """Take the address of a web server, without a slash at its end."""
    try:
        parts = urlsplit(text)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address or " " in text:
        raise argparse.ArgumentTypeError(f"'{text}' is no web address; write it whole, such as http://127.0.0.1:8000")
    return text.rstrip("/")
