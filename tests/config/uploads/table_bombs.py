"""Tables and texts that grow when they are read, and large ones that are taken. `scale` as in `bombs`."""

from __future__ import annotations

from collections.abc import Callable

from tests.study.tables.test_hostile_tables import laughing_entities, workbook


def _predictions(clips: int) -> bytes:
    """No bomb: MagnaTagATune's 25,863 clips × 188 tags at scale 10, with the study's one clip among them."""
    row = ",".join(f"0.{(number * 7919) % 10_000:04d}" for number in range(188))
    header = ",".join(["clip", *(f"tag {number}" for number in range(188))])
    return "\n".join([header, f"clip1.wav,{row}", *(f"other{number}.mp3,{row}" for number in range(clips))]).encode()


def _rules(exclusions: int) -> bytes:
    tags = ",".join(f"t{number}" for number in range(exclusions + 1))
    rules = "".join(f"  - {{one: t{n}, other: t{n + 1}, stands: one}}\n" for n in range(exclusions))
    return f"name: m\nvocabulary: [{tags}]\nstages:\n- name: s\n  exclusions:\n{rules}".encode()


def _aliases(levels: int) -> bytes:
    lines = [f"n{n}: &n{n} [{', '.join([f'*n{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(["n0: &n0 [a]", *lines]).encode()


Make = Callable[[int], bytes]
EMOJI = ("clip1.wav," + "\U0001f600" * 20 + "\n").encode()

TABLES: dict[str, tuple[str, str, Make, str]] = {
    # name: (page or kind of file, suffix, how to make it, what is answered)
    "tags in one line of commas": ("tags", "csv", lambda n: b"," * (6_000_000 * n), "is no row|columns|too large"),
    "tags of emoji": ("tags", "csv", lambda n: b"clip,tags\n" + EMOJI * (65_000 * n), "in row 2 already"),
    "tags of millions of rows": (
        "tags",
        "csv",
        lambda n: b"clip,tags\n" + b"a,b\n" * (1_100_000 * n),
        "too large|60 MB",
    ),
    "tags with accents without end": (
        "tags",
        "csv",
        lambda n: ("clip,tags\na" + "\u0301\u0323" * (500_000 * n)).encode(),
        "takes more than 20 seconds",
    ),
    "tags with a quotation mark that is not closed": (
        "tags",
        "csv",
        lambda n: b'clip,tags\n"' + b"x\n" * (2_900_000 * n),
        "quotation mark is closed",
    ),
    "spreadsheet that unpacks to gigabytes": (
        "tags",
        "xlsx",
        lambda n: workbook(" " * (100 * n * 2**20)),
        "spreadsheet is too large",
    ),
    "spreadsheet with a row of a trillion": (
        "tags",
        "xlsx",
        lambda n: workbook('<row r="999999999999"><c r="A999999999999"><v>1</v></c></row>'),
        "row 1048577: the sheet",
    ),
    "spreadsheet with cells in its last column": (
        "tags",
        "xlsx",
        lambda n: workbook("".join(f'<row r="{r}"><c r="XFD{r}"/></row>' for r in range(2, 20_000 * n))),
        "the table is too large",
    ),
    "spreadsheet of entities": (
        "tags",
        "xlsx",
        lambda n: workbook('<row r="2"><c r="A2"><v>&e9;</v></c></row>', entities=laughing_entities()),
        "cannot be read",
    ),
    "predictions of a whole data set": ("predictions", "csv", lambda n: _predictions(2586 * n), "taken"),
    "rules of many exclusions": ("rules", "yaml", lambda n: _rules(400 * n), "takes more than 5 seconds|taken"),
    "rules of aliases of aliases": ("rules", "yaml", lambda n: _aliases(10 * n), "more than 100000 values"),
}
