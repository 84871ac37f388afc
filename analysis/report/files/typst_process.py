"""Typeset Typst projects; `typesetting.py` runs this file as a process of its own.

Typst loads every font of the machine, and Noto CJK is large: in the web server one Korean report would raise the
memory by more than a hundred megabytes, and Typst does not free it. This file imports no other module of Earsight.
"""

import base64
import json
import sys


def main() -> None:
    """Read projects from standard input, and write `main.typ` of each, in Base64, to standard output, both as JSON.

    A project: {"files": {name: text}, "format": "pdf" or "png", "dpi": of a PNG}.
    """
    import typst

    # Looking for fonts takes longer than a figure: once for all projects, and while the caller still prepares them.
    fonts = typst.Fonts()
    made = []
    for project in json.load(sys.stdin):
        files = {name: text.encode() for name, text in project["files"].items()}
        content = typst.compile(  # type: ignore[call-overload]
            files, font_paths=fonts, format=project["format"], ppi=project["dpi"]
        )
        made.append(base64.b64encode(content).decode())
    json.dump(made, sys.stdout)


if __name__ == "__main__":
    main()
