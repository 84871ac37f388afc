"""Typeset Typst projects in a process of their own, while the caller goes on."""

import base64
import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_TYPESETTER = Path(__file__).parent / "typst_process.py"
_TIMEOUT = 120  # seconds
_DPI = 300


@dataclass(frozen=True)
class TypstProject:
    """The texts of a project's files by name, `main.typ` among them, and the format to make: "pdf" or "png"."""

    files: dict[str, str]
    format: str = "pdf"


class Typesetting:
    """A started process that loads Typst and the fonts, and compiles the projects that it is given; use with `with`.

    Why a process: typst_process.py.
    """

    def __init__(self) -> None:
        # Files, not pipes: a pipe that nobody reads yet would stop the process.
        self._out, self._errors = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115 (closed in __exit__)
        self._process = subprocess.Popen(  # noqa: S603 (our own file)
            [sys.executable, "-I", str(_TYPESETTER)], stdin=subprocess.PIPE, stdout=self._out, stderr=self._errors
        )

    def start(self, projects: Sequence[TypstProject]) -> None:
        """Give the process its projects; `result` waits for them. Once only."""
        jobs = [{"files": project.files, "format": project.format, "dpi": _DPI} for project in projects]
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError), self._process.stdin as pipe:  # it ended: `result` says why
            pipe.write(json.dumps(jobs).encode())

    def __enter__(self) -> "Typesetting":
        return self

    def __exit__(self, *_error: object) -> None:
        if self._process.poll() is None:  # the caller failed and did not wait
            self._process.kill()
            self._process.wait()
        if self._process.stdin:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        self._out.close()
        self._errors.close()

    def result(self) -> list[bytes]:
        """The compiled projects.

        Raises:
            RuntimeError: Typst failed; the message is Typst's.
        """
        self._process.wait(_TIMEOUT)
        for file in (self._out, self._errors):
            file.seek(0)
        if self._process.returncode:
            raise RuntimeError(
                f"the report could not be typeset: {self._errors.read().decode(errors='replace')[-2000:]}"
            )
        return [base64.b64decode(content) for content in json.load(self._out)]


def typeset(projects: Sequence[TypstProject]) -> list[bytes]:
    """Compile the projects.

    Raises:
        RuntimeError: Typst failed; the message is Typst's.
    """
    with Typesetting() as typesetting:
        typesetting.start(projects)
        return typesetting.result()


def for_typst(svg: str) -> str:
    """The SVG with a font that Typst has."""
    return svg.replace("system-ui", "Libertinus Serif")
