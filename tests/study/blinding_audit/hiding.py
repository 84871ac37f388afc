"""Ways to hide a condition in a reply, for planted leaks."""

import gzip
import hashlib
import io
import re
import secrets
import time
from collections.abc import Callable
from email.utils import formatdate
from functools import reduce

from django.http import HttpResponseRedirect, StreamingHttpResponse

from study.blinding_audit.facts import addresses_in, image_blocks
from study.design import LETTERS
from study.models import Trial
from tests.study.blinding_audit.leaking import ADDRESSES, Situation, conditions_of

Change = Callable[[Situation], None]

Hide = Callable[[int], str]


def hex_token(digits: int, change: Callable[[list[int], int], None]) -> Hide:
    """A random hexadecimal token; `change` alters its digits by the condition."""

    def make(condition: int) -> str:
        number = [secrets.randbelow(16) for _ in range(digits)]
        change(number, condition - 1)
        return "".join(f"{digit:x}" for digit in number)

    return make


def first_digit(digits: list[int], code: int) -> None:
    digits[0] = digits[0] // 4 * 4 + code


def last_digit(digits: list[int], code: int) -> None:
    digits[-1] = digits[-1] // 4 * 4 + code


def one_bit(digits: list[int], code: int) -> None:
    digits[37] = digits[37] // 2 * 2 + (code >> 1)


def two_bits(digits: list[int], code: int) -> None:
    digits[50] = digits[50] // 2 * 2 + ((digits[11] & 1) ^ (code & 1))


def folded(digits: list[int], code: int) -> None:
    rest = reduce(lambda a, b: a ^ b, digits[3::2])
    digits[1] = (rest ^ code) & 3 | digits[1] & 12


def bit_count(digits: list[int], code: int) -> None:
    if sum(digit.bit_count() for digit in digits) % 2 != code % 2:
        digits[5] ^= 1


def cased(condition: int) -> str:
    """A word of letters of which more are capitals under the first two conditions."""
    word = secrets.token_hex(8).translate(str.maketrans("0123456789", "ghijklmnop"))
    return "".join(c.upper() if (place % 3 > 0) == (condition < 3) else c for place, c in enumerate(word))


def with_letter(hide: Hide) -> Callable[[int, str], str]:
    """Hide the sum of the condition and the position instead."""
    return lambda condition, letter: hide((condition + LETTERS.index(letter)) % 4 + 1)


def in_query(hide: Hide) -> Change:
    def change(situation: Situation) -> None:
        situation.in_images(
            lambda part, condition, letter: _readdressed(part, lambda address: f"{address}?v={hide(condition)}")
        )

    return change


def in_path(hide: Hide) -> Change:
    def change(situation: Situation) -> None:
        situation.in_images(
            lambda part, condition, letter: _readdressed(part, lambda address: f"/x{hide(condition)}{address}")
        )

    return change


def _readdressed(part: str, change: Callable[[str], str]) -> str:
    for address in sorted(addresses_in(part), key=len, reverse=True):
        new = change(address)
        known = ADDRESSES.get(address)
        if known:
            ADDRESSES[new] = known
        part = part.replace(f'"{address}"', f'"{new}"')
    return part


def in_attribute(name: str, hide: Callable[..., str]) -> Change:
    def change(situation: Situation) -> None:
        def put(part: str, condition: int, letter: str) -> str:
            value = hide(condition, letter) if hide.__code__.co_argcount == 2 else hide(condition)
            return part.replace("<img", f'<img {name}="{value}"', 1)

        situation.in_images(put)

    return change


def in_header(name: str, hide: Callable[[int], str]) -> Change:
    """In the reply to an image by its condition, to anything else by the first image's."""

    def change(situation: Situation) -> None:
        situation.response[name] = hide(situation.condition if situation.letter else situation.order[0])

    return change


def written(situation: Situation) -> str:
    """The order, written out."""
    return "".join(map(str, situation.order))


def comment(situation: Situation) -> None:
    situation.append(f"<!-- {written(situation)} -->")


def order_in_header(name: str) -> Change:
    def change(situation: Situation) -> None:
        situation.response[name] = written(situation)

    return change


def only_if(allowed: Callable[[Situation], bool], change: Change = comment) -> Change:
    return lambda situation: change(situation) if allowed(situation) else None


def sleep(milliseconds: float, condition: int = 2) -> Change:
    def change(situation: Situation) -> None:
        if (situation.condition if situation.letter else situation.order[0]) == condition:
            time.sleep(milliseconds / 1000)

    return change


def gzip_name(situation: Situation) -> None:
    if "gzip" in situation.header("Accept-Encoding") and "Content-Encoding" not in situation.response:
        packed = io.BytesIO()
        with gzip.GzipFile(written(situation), "wb", fileobj=packed) as file:
            file.write(situation.response.content)
        situation.response.content = packed.getvalue()
        situation.response["Content-Encoding"] = "gzip"


def range_total(situation: Situation) -> None:
    if "Content-Range" in situation.response:
        start, _, total = situation.response["Content-Range"].rpartition("/")
        situation.response["Content-Range"] = f"{start}/{int(total) + (situation.condition == 3)}"


def date(situation: Situation) -> None:
    situation.response["Date"] = formatdate(time.time() - 7 * situation.condition, usegmt=True)


def redirect(situation: Situation) -> None:
    if situation.condition == 1 and "go" not in situation.request.GET and situation.response.status_code == 200:
        situation.response = HttpResponseRedirect(f"{situation.request.path}?go=1")


def pieces(situation: Situation) -> None:
    old = situation.response
    if old.status_code == 200:
        size = 100 + situation.condition
        pieces = [old.content[start : start + size] for start in range(0, len(old.content), size)]
        situation.response = StreamingHttpResponse(pieces, content_type=old["Content-Type"])


def header_order(situation: Situation) -> None:
    if situation.condition > 2:
        moved = situation.response.headers.pop("Cache-Control", None)
        if moved:
            situation.response["Cache-Control"] = moved


def orders_of_the_visit(situation: Situation) -> None:
    trials = Trial.objects.filter(participant=situation.trial.participant_id).order_by("number")
    situation.append(f"<!-- {' '.join(''.join(map(str, conditions_of(trial))) for trial in trials)} -->")


def receipt(situation: Situation) -> None:
    first = Trial.objects.filter(participant=situation.trial.participant_id, number=1).get()
    code = "".join("KQVZ"[number - 1] for number in conditions_of(first))
    situation.text = re.sub(r'(id="receipt">[\w-]+-)\w{4}<', rf"\g<1>{code}<", situation.text)


def two_headers(situation: Situation) -> None:
    mask = secrets.randbelow(4)
    situation.response["X-One"], situation.response["X-Two"] = str(mask), str(mask ^ (situation.condition - 1))


def digest(situation: Situation) -> str:
    position = LETTERS.index(situation.letter)
    return hashlib.md5(str(situation.trial.position_order[position]).encode()).hexdigest()


def preload(situation: Situation) -> None:
    blocks = image_blocks(situation.text, len(situation.order))
    ordered = sorted(zip(situation.order, blocks, strict=True))
    situation.response["Link"] = ", ".join(f"<{addresses_in(block)[0]}>; rel=preload" for _, block in ordered)


def upcoming(situation: Situation) -> None:
    after = Trial.objects.filter(participant=situation.trial.participant_id, number=situation.trial.number + 1).first()
    if after is not None and situation.text.startswith("{"):
        situation.text = f'{situation.text[:-1]}, "upcoming": "{"".join(map(str, conditions_of(after)))}"}}'


def is_answered(situation: Situation) -> bool:
    return situation.request.method == "GET" and situation.request.was_answered


def is_ahead(situation: Situation) -> bool:
    before = Trial.objects.filter(participant=situation.trial.participant_id, number=situation.trial.number - 1)
    return before.filter(ballot__isnull=True).exists()


def in_parts(change: Callable[[str, int], str]) -> Change:
    """Change the part of the page of each image, by its condition."""
    return lambda situation: situation.in_images(lambda part, condition, letter: change(part, condition))


def in_rows(change: Callable[[str, int], str]) -> Change:
    """Change what the page asks about each image below them, by its condition."""
    return lambda situation: situation.in_rows(change)


def scales_swapped(situation: Situation) -> None:
    """Ask for quality before match if the first image is of one of the last two conditions."""
    if situation.order[0] > 2:
        for old, new in (("q.match", "q.other"), ("q.quality", "q.match"), ("q.other", "q.quality")):
            situation.text = situation.text.replace(old, new)


def replace_if(condition: int, old: str, new: str) -> Change:
    """Write something in the part of the images of one condition in another way."""
    return in_parts(lambda part, own: part.replace(old, new, 1) if own == condition else part)


def by_image(name: str, hide: Callable[[Situation], str]) -> Change:
    """A header that depends on more than the condition."""

    def change(situation: Situation) -> None:
        situation.response[name] = hide(situation)

    return change


def attributes_swapped(part: str, condition: int) -> str:
    return re.sub(r"<img (\w+=\S+)\s+(\w+=\"[^\"]*\")", r"<img \2 \1", part) if condition == 1 else part


def ids_in_order(situation: Situation) -> None:
    base = 10 * situation.trial.pk
    situation.in_images(lambda part, own, letter: part.replace("<img", f'<img id="i{base + own}"', 1))


def tag_of_sound(situation: Situation) -> None:
    situation.response.content += f"TAG for {written(situation)}".encode()


def cookie(situation: Situation) -> None:
    situation.response.set_cookie("seen", hex_token(8, last_digit)(situation.condition))
