"""Cut replies into facts: named texts, each of which is compared over all trials.

A fact's name tells where it stands by structure (the third `<img`, the header `Vary`), not by its distance from the
beginning, so that the same fact has the same name in every language.
"""

import hashlib
import re
import sys
import zlib
from collections import Counter
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from itertools import zip_longest

from study.design import LETTERS
from study.simulation.transports import DECODED, Reply
from study.simulation.walking import SurveyBroken

Fact = tuple[str, str]

MAX_LENGTH = 400  # characters kept as they are; a digest replaces the rest
DAY = 86_400
_MARKUP = re.compile(r"<!--.*?-->|<[^>]*>|[^<]+|<", re.DOTALL)
_TAG_NAME = re.compile(r"<(/?[a-zA-Z][\w-]*|!--|[!?]?)")
_EPOCH = re.compile(r"(?<![\w.-])1\d{9}(?:\d{3})?(?:\.\d+)?(?![\w.])")
_LETTER_MARK = re.compile(r"""<[^<>]*\bdata-letter\s*=\s*["']?([A-F])\b""")


def shorten(text: str) -> str:
    """Return the text, or its beginning with a digest of all of it: no difference gets lost."""
    if len(text) <= MAX_LENGTH:
        return text
    return f"{text[:MAX_LENGTH]}…{hashlib.blake2b(text.encode('utf-8', 'replace'), digest_size=8).hexdigest()}"


def markup_facts(source: str) -> Iterator[Fact]:
    """Yield each tag, comment and text as written, named by its kind and its number; texts by the tag before them."""
    seen: Counter[str] = Counter()
    place = "the beginning"
    for piece in _MARKUP.findall(source):
        if piece[0] == "<":
            found = _TAG_NAME.match(piece)
            kind = sys.intern(f"<{found.group(1).lower() if found else ''}")
            seen[kind] += 1
            place = f"{kind} {seen[kind]}"
            yield place, shorten(piece)
        else:
            yield f"text after {place}", shorten(piece)
    yield "number of elements", ",".join(f"{kind}{number}" for kind, number in sorted(seen.items()))


def reply_facts(reply: Reply, body: str | None = None) -> Iterator[Fact]:
    """Yield the facts of a page or of another reply with text, and of the redirects that led to it.

    Args:
        body: the part of the text to look at; None means all of it.
    """
    text = reply.text if body is None else body
    yield from envelope_facts(reply)
    yield "length", str(len(text))
    yield from markup_facts(text)
    yield from _clock_facts("text", text, reply.received_at)


def envelope_facts(reply: Reply, file_length: int | None = None) -> Iterator[Fact]:
    """Yield everything around a body: status, headers, their order, encoding, pieces, redirects.

    Args:
        file_length: the length of the file asked for, if it is known: a length that is equal to it follows from the
            file, so that only other ones are told apart.
    """
    for number, hop in enumerate((*reply.redirects, reply)):
        name = "" if hop is reply else f"redirect {number}, "
        yield f"{name}status", f"{hop.status} {hop.reason}"
        seen: Counter[str] = Counter()
        for header, value in hop.headers:
            label = header
            if header.lower() == "set-cookie":
                label = f"{header} {value.partition('=')[0]}"
            elif header.lower() == "content-length" and value == str(len(hop.body)):
                value = "as sent"
            elif header.lower() in ("content-length", "content-range") and file_length is not None:
                value = _without_length(value, file_length)
            seen[label] += 1
            label = f"{name}header {label}" + (f" {seen[label]}" if seen[label] > 1 else "")
            yield label, shorten(value)
            yield from _clock_facts(label, value, hop.received_at)
        yield f"{name}header names in order", ",".join(header for header, _ in hop.headers)
    yield "redirects", str(len(reply.redirects))
    yield "pieces", ",".join(map(str, sorted(set(reply.chunk_sizes))))
    if reply.header("Content-Encoding") in DECODED:
        yield from _packing(reply.body)


def _packing(body: bytes) -> Iterator[Fact]:
    """Yield the fields of a gzip header, and what stands after the end of the stream."""
    unpacker = zlib.decompressobj(wbits=47)
    try:
        unpacker.decompress(body)
    except zlib.error:
        yield "packing", "damaged"
        return
    yield "packing, after the end", unpacker.unused_data[:200].hex()
    if body[:2] != b"\x1f\x8b":
        yield "packing", body[:2].hex()
        return
    flags, place = body[3], 10
    yield "packing, time", str(int.from_bytes(body[4:8], "little"))
    yield "packing", f"{body[2:4].hex()} {body[8:10].hex()}"
    if flags & 4:
        place += 2 + int.from_bytes(body[place : place + 2], "little")
        yield "packing, extra field", shorten(body[12:place].hex())
    for flag, name in ((8, "name"), (16, "comment")):
        if flags & flag:
            end = body.index(b"\0", place)
            yield f"packing, {name}", shorten(body[place:end].decode("latin-1"))
            place = end + 1


def _without_length(value: str, length: int) -> str:
    words = {str(length): "length", str(length - 1): "last"}
    return re.sub(r"\d+", lambda found: words.get(found.group(), found.group()), value)


def _clock_facts(name: str, text: str, now: float) -> Iterator[Fact]:
    """Yield how far each date and time in a text is from the time at which it was received, in seconds."""
    if "GMT" in text[:2000]:
        for found in re.findall(r"[A-Z][a-z]{2}, \d\d[ -][A-Z][a-z]{2}[ -]\d{4} [\d:]{8} GMT", text):
            try:
                away = parsedate_to_datetime(found.replace("-", " ")).timestamp() - now
            except ValueError:
                continue
            yield f"{name}, seconds from now", str(round(away))
    for number, found in enumerate(_EPOCH.findall(text)):
        seconds = float(found) / (1000 if len(found.partition(".")[0]) == 13 else 1)
        if abs(seconds - now) < DAY:
            yield f"{name}, time {number} from now", f"{seconds - now:.0f}"


def image_blocks(source: str, count: int) -> list[str]:
    """Return the parts of a trial page that show its images, in the order of letters.

    Raises:
        SurveyBroken: the page lacks an image.
    """
    starts: dict[str, int] = {}
    for found in _LETTER_MARK.finditer(source):
        starts.setdefault(found.group(1), found.start())
    letters = LETTERS[:count]
    if missing := [letter for letter in letters if letter not in starts]:
        raise SurveyBroken(f"The trial page has no image {missing[0]}.")
    end = source.find("</fieldset>", max(starts[letter] for letter in letters))
    ends = [*(starts[letter] for letter in letters), end if end > 0 else len(source)]
    return [source[starts[letter] : min(end for end in ends if end > starts[letter])] for letter in letters]


def row_blocks(source: str, blocks: list[str]) -> list[list[str]]:
    """Return the parts of a trial page that ask about its images elsewhere, as ratings do: rows of one for each letter.

    Args:
        blocks: the parts that show the images.

    Raises:
        SurveyBroken: a row lacks an image.
    """
    rest = source[source.rindex(blocks[-1]) + len(blocks[-1]) :]
    found = list(_LETTER_MARK.finditer(rest))
    rows: list[list[str]] = []
    seen: Counter[str] = Counter()
    for mark, after in zip_longest(found, found[1:]):
        letter, limit = mark.group(1), after.start() if after else len(rest)
        end = rest.find("</fieldset>", mark.start(), limit)
        if seen[letter] == len(rows):
            rows.append([])
        rows[seen[letter]].append(rest[mark.start() : end if end > 0 else limit])
        seen[letter] += 1
    if any(len(row) != len(blocks) for row in rows):
        raise SurveyBroken("The trial page does not ask the same about each of its images.")
    return rows


def outside_blocks(source: str, blocks: list[str]) -> str:
    """Return a trial page without the parts that show its images."""
    for block in blocks:
        source = source.replace(block, "", 1)
    return source


def addresses_in(block: str) -> list[str]:
    """Return the local addresses of an image's part, the `src` of its image first."""
    found = re.findall(r"""\b(src|href|srcset|data-[\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))""", block)
    addresses = []
    for name, *values in found:
        value = next(filter(None, values), "")
        for candidate in value.split(",") if name == "srcset" else [value]:
            address = candidate.strip().partition(" ")[0].replace("&amp;", "&")
            if address.startswith("/") and not address.startswith("//"):
                addresses.append((name != "src", address))
    return list(dict.fromkeys(address for _, address in sorted(addresses, key=lambda item: item[0])))
