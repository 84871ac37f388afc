"""Run the notebook's cells against an installation of their own, and store what they print.

`make notebook` refreshes the stored outputs; the test runs the same cells in its own process and stores nothing.
"""

import ast
import contextlib
import io
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = Path(__file__).with_name("earsight.ipynb")
SHOWN_URL = "http://127.0.0.1:8000"
RATE = 22_050


def write_sounds(folder: Path) -> None:
    """Write two short sounds and the table of their tags."""
    folder.mkdir()
    seconds = np.arange(RATE * 5) / RATE
    plucked = 0.3 * np.sin(2 * np.pi * 220 * seconds) * np.exp(-4 * (seconds % 0.5))
    pad = 0.2 * np.sin(2 * np.pi * 330 * seconds) + 0.1 * np.sin(2 * np.pi * 331 * seconds)
    for name, sound in (("pad", pad), ("plucked", plucked)):
        soundfile.write(folder / f"{name}.wav", sound, RATE)
    table = "clip,tags\npad.wav,ambient;synth;synthesizer;slow;airy\nplucked.wav,guitar;guitars;slow;no vocals\n"
    (folder / "tags.csv").write_text(table)


@contextlib.contextmanager
def installation(folder: Path, weights: Path) -> Iterator[dict[str, str]]:
    """Set an empty installation up in `folder` and serve it; yield the environment that the notebook needs.

    Args:
        weights: the folder with the built-in tagger's weights.
    """
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    (folder / "data").mkdir()
    (folder / "data" / "weights").symlink_to(weights)
    write_sounds(folder / "sounds")
    here = {
        "EARSIGHT_DATA": str(folder / "data"),
        "EARSIGHT_DATABASE_URL": f"sqlite:///{folder / 'data' / 'earsight.sqlite3'}",
        "EARSIGHT_DEBUG": "true",  # static files as they are
        "EARSIGHT_BASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    environment = {**os.environ, **here}
    manage = [sys.executable, "manage.py"]
    for words in (["migrate", "-v0"], ["add_researcher", "mina"]):
        subprocess.run([*manage, *words], cwd=ROOT, env=environment, check=True, capture_output=True)
    serve = [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}", "--log-level", "error"]
    server = subprocess.Popen(serve, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield environment | for_cells(folder / "sounds", url)
    finally:
        server.terminate()
        server.wait()


def for_cells(sounds: Path, url: str) -> dict[str, str]:
    """Return what the first cell reads from the environment."""
    return {
        "EARSIGHT_FOLDER": str(ROOT),
        "EARSIGHT_URL": url,
        "EARSIGHT_NAME": "mina",
        "EARSIGHT_SOUNDS": str(sounds),
    }


def _free_port() -> int:
    while True:
        port = secrets.choice(range(20_000, 32_000))
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=0.2).close()
            return
        time.sleep(0.1)
    raise RuntimeError("The server did not begin to answer.")


def run_cells(notebook: dict[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """Run the code cells in order, in one namespace, and put into each what it prints and its last value.

    Returns:
        The names that the cells have set.
    """
    namespace: dict[str, Any] = {"__name__": "__main__"}
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        code_cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        for number, cell in enumerate(code_cells, start=1):
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                value = _run("".join(cell["source"]), namespace)
            cell["execution_count"] = number
            cell["outputs"] = _outputs(printed.getvalue(), value, number, environment)
    finally:
        os.environ.clear()
        os.environ.update(before)
    return namespace


def _run(source: str, namespace: dict[str, Any]) -> Any:
    """Run a cell; return the value of its last line if that is an expression."""
    tree = ast.parse(source)
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Expr):
        exec(compile(tree, "<cell>", "exec"), namespace)
        return None
    tree.body.pop()
    exec(compile(tree, "<cell>", "exec"), namespace)
    return eval(compile(ast.Expression(last.value), "<cell>", "eval"), namespace)


def _outputs(printed: str, value: Any, number: int, environment: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return a cell's outputs as a notebook stores them, without names of this machine."""
    outputs: list[dict[str, Any]] = []
    if printed:
        outputs.append({"name": "stdout", "output_type": "stream", "text": _lines(printed, environment)})
    if value is not None:
        data = {"text/plain": _lines(repr(value), environment)}
        for name, kind in (("_repr_html_", "text/html"), ("_repr_svg_", "image/svg+xml")):
            if hasattr(value, name):
                data[kind] = _lines(getattr(value, name)(), environment)
        outputs.append({"data": data, "execution_count": number, "metadata": {}, "output_type": "execute_result"})
    return outputs


def _lines(text: str, environment: Mapping[str, str]) -> list[str]:
    for name, shown in (("EARSIGHT_URL", SHOWN_URL), ("EARSIGHT_SOUNDS", "my-clips"), ("EARSIGHT_FOLDER", ".")):
        text = text.replace(environment[name], shown)
    return text.splitlines(keepends=True)


def main() -> None:
    """Run the notebook and store its outputs."""
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as name, installation(Path(name), ROOT / "var" / "weights") as environment:
        run_cells(notebook, environment)
    NOTEBOOK.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
