"""Typeset a Typst project; `pdf.py` runs this file as a process of its own.

Typst loads every font of the machine, and Noto CJK is large: in the web server one Korean report would raise the
memory by more than a hundred megabytes, and Typst does not free it. This file imports no other module of Earsight.
"""

import json
import sys


def main() -> None:
    """Read file names and texts as JSON from standard input; write the PDF of `main.typ` to standard output."""
    import typst

    files = {name: text.encode() for name, text in json.load(sys.stdin).items()}
    sys.stdout.buffer.write(typst.compile(files))  # type: ignore[call-overload]  # a project is not in its stubs


if __name__ == "__main__":
    main()
