"""What somebody may have written in a file of a deposit: in texts, in workbooks, in zips of figures, and beside PDFs.

XML is never parsed, so no entity in it is followed; what is packed is read up to a limit.
"""

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from html import unescape
from pathlib import Path, PurePath
from typing import NamedTuple

from django.utils.translation import gettext as _

from config.deposits.personal.file_metadata import image_tags
from config.deposits.texts import texts_in
from study.zip_entries import DAMAGED

MOST_BYTES = 64 * 2**20  # of a zip's members together, unpacked, and of a PDF
MOST_MEMBERS = 10_000
_PACKED, _PDF = (".xlsx", ".zip"), ".pdf"
_TEXTS = (".html", ".json", ".jsonld", ".csv", ".md", ".tex", ".bib", ".cff", ".txt")
SEARCHED = (*_TEXTS, *_PACKED, _PDF)
_XML, IMAGES = (".svg", ".xml", ".rels"), (".png", ".jpg", ".jpeg", ".webp")
_EMBEDDED = r"data:[\w/+.;=-]+;base64,[A-Za-z0-9+/=]+"
# Pictures within pages, and drawings: letters and numbers that nobody wrote.
_NO_TEXT = re.compile(rf"{_EMBEDDED}|<(style|script|svg)\b.*?</\1>|<[^>]*>", re.DOTALL)
_NO_XML_TEXT = re.compile(rf"{_EMBEDDED}|<style\b.*?</style>|<!\[CDATA\[|\]\]>|<!--|-->|<[^>]*>", re.DOTALL)
# Names of sheets and addresses; all others are of drawings.
_XML_NAMES = re.compile(r"""\b(?:name|title|descr|aria-label|(?:xlink:)?href|Target)=(?:"([^"<]*)"|'([^'<]*)')""")
# Of a PDF: what its pages draw is between the two words; texts about it are in brackets.
_STREAM = re.compile(rb"\bstream\r?\n.*?\bendstream\b", re.DOTALL)
_XMP = re.compile(rb"<\?xpacket begin.*?<\?xpacket end", re.DOTALL)
_STRING = re.compile(rb"\(((?:\\.|[^\\()])*)\)|<([0-9A-Fa-f\s]{2,})>", re.DOTALL)
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)


class Unsearchable(Exception):
    """What a file holds cannot be read; the message says why, `part` is where in it ("" if it is the whole file)."""

    def __init__(self, why: str, part: str = "") -> None:
        self.part = part
        super().__init__(why)


class Part(NamedTuple):
    """A part of a file: its name in the file ("" of the whole file), its words, and the text in which numbers are."""

    name: str
    words: str
    numbers: str


def parts_of(path: Path) -> Iterator[Part]:
    """Yield what somebody may have written in the file, of a picture beside its pixels.

    Raises:
        Unsearchable: it is damaged, or holds more than any file of a deposit.
    """
    suffix = path.suffix
    if suffix in _PACKED:
        yield from _members(path)
    elif suffix == _PDF:
        if path.stat().st_size > MOST_BYTES:
            raise Unsearchable(_("it is too large"))
        yield _part("", suffix, path.read_bytes())
    else:
        yield _part("", suffix, path.read_bytes())


def _members(path: Path) -> Iterator[Part]:
    left = MOST_BYTES
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if not info.is_dir()]
            if len(members) > MOST_MEMBERS:
                raise Unsearchable(_("it holds too many files"))
            for info in members:
                name = info.filename
                with archive.open(info) as file:
                    content = file.read(left + 1)
                if (left := left - len(content)) < 0:
                    raise Unsearchable(_("it is too large"), name)
                suffix = PurePath(name).suffix.lower()
                if suffix in _PACKED:
                    raise Unsearchable(_("a file packed in another"), name)
                part = _part(name, suffix, content)
                yield part._replace(words=f"{name}\n{part.words}")
    except DAMAGED as error:
        raise Unsearchable(_("it is damaged")) from error


def _part(name: str, suffix: str, content: bytes) -> Part:
    if suffix == _PDF:
        words = "\n".join(_pdf_texts(content))
        return Part(name, words, words)
    if suffix in IMAGES:
        words = "\n".join(text for _key, text, _is_personal in image_tags(io.BytesIO(content)))
        return Part(name, words, words)
    try:
        text = content.decode()
        words = _words(suffix, text)
    except (ValueError, RecursionError, csv.Error) as error:  # no UTF-8, no JSON, no table
        raise Unsearchable(_("it is damaged"), name) from error
    # A page's numbers are among its words; of JSON the words are texts alone.
    return Part(name, words, words if suffix == ".html" or suffix in _XML else text)


def _words(suffix: str, text: str) -> str:
    """What somebody may have written: of JSON the texts and keys, of a table each cell by itself.

    Two numbers beside each other, as the ends of an interval, would look like the position of a place.
    """
    if suffix == ".html":
        return unescape(_NO_TEXT.sub(" ", text))
    if suffix in _XML:
        names = (one or other for one, other in _XML_NAMES.findall(text))
        return unescape("\n".join([_NO_XML_TEXT.sub("\n", text), *names]))
    if suffix in (".json", ".jsonld"):
        return "\n".join(texts_in(json.loads(text), keys=True))
    if suffix == ".csv":
        return "\n".join(cell for row in csv.reader(io.StringIO(text)) for cell in row)
    return text


def _pdf_texts(content: bytes) -> Iterator[str]:
    """Title, author, headings, addresses of links, alternative texts: all but what the pages show.

    The pages are those of the report's HTML, which is searched.
    """
    for packet in _XMP.findall(content):
        yield _words(".xml", packet.decode(errors="replace"))
    for literal, digits in _STRING.findall(_STREAM.sub(b"", content)):
        data = _ESCAPE.sub(_unescaped, literal) if literal else _from_hex(digits)
        yield data[2:].decode("utf-16-be", "replace") if data[:2] == b"\xfe\xff" else data.decode("latin-1")


def _unescaped(found: re.Match[bytes]) -> bytes:
    code = found[1]
    if code[:1].isdigit():
        return bytes([int(code, 8) & 255])
    return {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"\n": b""}.get(code, code)


def _from_hex(digits: bytes) -> bytes:
    plain = b"".join(digits.split())
    return bytes.fromhex((plain + b"0" * (len(plain) % 2)).decode())
