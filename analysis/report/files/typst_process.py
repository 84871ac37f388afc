"""Sets a Typst project read from standard input; `pdf.py` runs this file as a process of its own.

Typst reads every font of the machine, and Noto CJK is large: within the web server one Korean report would
raise its memory by more than a hundred megabytes for good. It imports nothing of ours.
"""

import json
import sys


def main() -> None:
    """JSON of file names and their texts in, the PDF of `main.typ` out."""
    import typst

    files = {name: text.encode() for name, text in json.load(sys.stdin).items()}
    sys.stdout.buffer.write(typst.compile(files))  # type: ignore[call-overload]  # a project is not in its stubs


if __name__ == "__main__":
    main()
