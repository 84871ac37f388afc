"""Functions that a bounded process calls, for the tests: what a table can do to the process that reads it."""

from study.errors import ImportRefused
from study.tables.errors import EncodingUnclear, Reading


class OwnError(Exception):
    """An error that only its caller knows."""


def do(raw: bytes, file: str, *, what: str) -> dict:
    match what:
        case "take memory":
            return {"taken": len(bytearray(3 * 2**30))}
        case "take time":
            while True:
                pass
        case "fail":
            raise ZeroDivisionError("a fault of ours")
        case "refuse":
            raise ImportRefused(["first", "second"], unknown_clips=3)
        case "ask":
            raise EncodingUnclear("unclear", (Reading("cp949", "CP949", ("한국",)),))
        case "own":
            raise OwnError("own words")
    return {"size": len(raw), "text": raw.decode() * 2}
