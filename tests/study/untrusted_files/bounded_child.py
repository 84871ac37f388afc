"""A child of `study.untrusted_files.bounded_process` that does what it is told, for the tests."""

import os
import socket

from django.utils.translation import gettext

from study.untrusted_files.bounded_process import serve


def main() -> None:
    serve(answer)


def answer(question, data):
    print("what a library prints")
    match question:
        case {"take": size}:
            try:
                return {"took": len(bytearray(size))}, []
            except MemoryError:
                return {"took": 0}, []
        case {"open": path}:
            try:
                with open(path, "wb") as file:  # noqa: PTH123
                    file.write(b"x")
                    file.flush()
            except OSError as error:
                return {"fault": error.strerror}, []
        case {"work": True}:
            while True:
                pass
        case {"end": status}:
            os._exit(status)
        case {"connect": port}:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=5).close()
            except OSError as error:
                return {"fault": error.strerror}, []
            return {"fault": None}, []
        case {"translate": text}:
            return {"text": gettext(text), "niceness": os.nice(0)}, []
        case {"environment": True}:
            return {"environment": sorted(os.environ)}, []
    return {"process": os.getpid()}, [data, data[::-1]]
