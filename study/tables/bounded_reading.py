"""Read what people upload in a bounded child process: a function of ours, called over there with the file's bytes.

A table of a megabyte can take minutes and gigabytes (a spreadsheet that unpacks, a quotation mark that never closes).
Here it takes them from a child, and the answer that comes back is small.
"""

from __future__ import annotations

import importlib
import logging
import traceback
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from study.errors import ImportRefused
from study.tables.errors import EncodingUnclear, Reading, TableRefused
from study.untrusted_files.bounded_process import Answer, BoundedProcess, ProcessEnded, serve

MODULE = __name__
# MagnaTagATune's whole table of tags (25,863 clips x 188 tags, 20 MB) takes a fifth of either.
MEMORY = 1_500 * 2**20
SECONDS = 20

logger = logging.getLogger(__name__)
Read = Callable[..., Any]  # function(raw, file, **values) -> what JSON can say


def read_bounded(
    function: Read,
    path: Path | None,
    file: str,
    *,
    errors: Collection[type[Exception]] = (),
    seconds: int = SECONDS,
    text: str = "",
    **values: Any,
) -> Any:
    """Return what `function` makes of a file, called in a child as `function(raw, file, **values)`.

    `function`: of a module that needs no models; values and result are what JSON can say, a long text under `text` of
    the result. `path`: the file, whose name for people is `file`; None if `text` is read instead. `errors`: classes
    beside those below that are raised here as they are there, by their message.

    Raises:
        TableRefused, ImportRefused: as the function does, or because reading takes too much time or memory.
        TooManyAtOnce: other uploads are read already.
    """
    question = {
        "function": f"{function.__module__}:{function.__qualname__}",
        "path": str(path) if path else None,
        "file": file,
        "values": values,
        "errors": [f"{error.__module__}:{error.__qualname__}" for error in errors],
    }
    try:
        with BoundedProcess(MODULE, memory=MEMORY, seconds=seconds) as process:
            answer, blobs = process.ask(question, text.encode("utf-8", "surrogatepass"))
    except ProcessEnded as error:
        raise _too_much(file, error.reason, seconds) from error
    if "result" in answer:
        result = answer["result"]
        return result | {"text": blobs[0].decode()} if blobs else result
    if answer["error"] == "MemoryError":
        raise _too_much(file, "memory", seconds)
    if answer["error"] == "":  # a fault of ours
        logger.error("%s could not read an upload:\n%s", question["function"], answer["message"])
        raise TableRefused(_("%(file)s: the file cannot be read; save it again as “CSV UTF-8”.") % {"file": file})
    raise _error_of(answer, errors)


def _too_much(file: str, reason: str, seconds: int) -> TableRefused:
    if reason == "time":
        text = _(
            "%(file)s: reading it takes more than %(n)d seconds; keep only what is needed in it, and save a "
            "spreadsheet as “CSV UTF-8”."
        )
        return TableRefused(text % {"file": file, "n": seconds})
    text = _(
        "%(file)s: reading it needs more than %(n)d MB of memory; keep only what is needed in it, and save a "
        "spreadsheet as “CSV UTF-8”."
    )
    return TableRefused(text % {"file": file, "n": MEMORY >> 20})


def _error_of(answer: dict[str, Any], errors: Collection[type[Exception]]) -> Exception:
    message = answer["message"]
    readings = tuple(Reading(codec, name, tuple(sample)) for codec, name, sample in answer["readings"])
    match answer["error"]:
        case "ImportRefused":
            return ImportRefused(answer["problems"], unknown_clips=answer["unknown_clips"], readings=readings)
        case "EncodingUnclear":
            return EncodingUnclear(message, readings)
        case "TableRefused":
            return TableRefused(message)
        case name:
            return next(error for error in errors if error.__name__ == name)(message)


def main() -> None:
    """Be the child."""
    serve(answer)


def answer(question: dict[str, Any], data: bytes) -> Answer:
    """Call the function of the question; see `read_bounded`."""
    file, path = question["file"], question["path"]
    try:
        known = (TableRefused, ImportRefused, *map(_named, question["errors"]))
        try:
            raw = Path(path).read_bytes() if path else data
            result = _named(question["function"])(raw, file, **question["values"])
            text = result.pop("text", None) if isinstance(result, dict) else None
            return {"result": result}, [] if text is None else [text.encode()]  # JSON would make it six times as long
        except known as error:
            return _described(error), []
    except MemoryError:
        return {"error": "MemoryError"}, []
    except Exception:
        return {"error": "", "message": traceback.format_exc(limit=-10)[:4_000]}, []


def _named(name: str) -> Any:
    module, _colon, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)


def _described(error: Exception) -> dict[str, Any]:
    readings: Sequence[Reading] = getattr(error, "readings", ())
    return {
        "error": type(error).__name__,
        "message": str(error),
        "problems": getattr(error, "problems", []),
        "unknown_clips": getattr(error, "unknown_clips", 0),
        "readings": [[reading.codec, reading.name, reading.sample] for reading in readings],
    }
