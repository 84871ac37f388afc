"""The planted leaks, by kind. `named` is what a finding must name, so that several can be tried in one audit."""

import secrets
import time
from email.utils import formatdate

from tests.study.blinding_audit.hiding import (
    attributes_swapped,
    bit_count,
    by_image,
    cased,
    comment,
    cookie,
    date,
    digest,
    first_digit,
    folded,
    gzip_name,
    header_order,
    hex_token,
    ids_in_order,
    in_attribute,
    in_header,
    in_parts,
    in_path,
    in_query,
    in_rows,
    is_ahead,
    is_answered,
    last_digit,
    one_bit,
    only_if,
    order_in_header,
    orders_of_the_visit,
    pieces,
    preload,
    range_total,
    receipt,
    redirect,
    replace_if,
    scales_swapped,
    sleep,
    tag_of_sound,
    two_bits,
    two_headers,
    upcoming,
    with_letter,
)
from tests.study.blinding_audit.leaking import Plant

STATES = [
    Plant(
        "states",
        "Korean pages",
        only_if(lambda s: 'lang="ko"' in s.text, order_in_header("X-Language")),
        ("X-Language",),
    ),
    Plant(
        "states",
        "phones",
        only_if(lambda s: "Mobile" in s.header("User-Agent"), order_in_header("X-Small")),
        ("X-Small",),
    ),
    Plant(
        "states",
        "Sec-Fetch-Dest",
        only_if(lambda s: s.header("Sec-Fetch-Dest") == "image", in_header("X-Kind", str)),
        ("X-Kind",),
        ("image",),
    ),
    Plant("states", "seen again", only_if(is_answered), ("seen again", "<!--")),
    Plant("states", "422 page", only_if(lambda s: s.response.status_code == 422), ("refused", "<!--")),
    Plant(
        "states",
        "422 for scripts",
        only_if(lambda s: s.response.status_code == 422, order_in_header("X-Why")),
        ("reply refused", "X-Why"),
        ("reply",),
    ),
    Plant("states", "fetched ahead", only_if(is_ahead), ("ahead", "<!--")),
    Plant("states", "practice", only_if(lambda s: s.trial.kind == "practice"), ("practice", "<!--")),
    Plant("states", "attention", only_if(lambda s: s.trial.kind == "attention"), ("attention", "<!--")),
    Plant("states", "problem form", comment, ("page of problems", "<!--"), ("problem",)),
    Plant(
        "states",
        "reply to a problem",
        only_if(lambda s: "sent" in s.request.GET),
        ("reply to a problem", "<!--"),
        ("problem",),
    ),
    Plant("states", "review", orders_of_the_visit, ("review", "<!--"), ("review",)),
    Plant("states", "thanks", orders_of_the_visit, ("thanks", "<!--"), ("thanks",)),
    Plant("states", "404", order_in_header("X-Hint"), ("error", "X-Hint"), ("error",)),
    Plant(
        "states",
        "405",
        only_if(lambda s: s.response.status_code == 405, order_in_header("X-Allow")),
        ("X-Allow",),
        ("image", "reply"),
    ),
    Plant("states", "events", order_in_header("X-Got"), ("events", "X-Got"), ("events",)),
    Plant(
        "states",
        "identity",
        only_if(lambda s: "gzip" not in s.header("Accept-Encoding"), order_in_header("X-Plain")),
        ("X-Plain",),
    ),
    Plant("states", "second trial only", only_if(lambda s: s.trial.number == 2), ("<!--",)),
    Plant("states", "gzip", gzip_name, ("packing",)),  # after the others, which read the text
]
LEFT_OUT = [
    Plant("left out before", "Date", date, ("header Date",), ("image",)),
    Plant("left out before", "Content-Range", range_total, ("Content-Range",), ("image",)),
    Plant("left out before", "time of pages", only_if(lambda s: s.request.method == "GET", sleep(60)), ("page, time",)),
    Plant("left out before", "time of ballot replies", sleep(60), ("reply", "milliseconds"), ("reply",)),
    Plant("left out before", "6 ms on an image", sleep(6), ("image, time",), ("image",)),
    Plant("left out before", "time of the sound", sleep(60), ("sound", "milliseconds"), ("sound",)),
]
RANDOM_WORDS = [
    Plant("random words", "prefix in a path", in_path(hex_token(16, first_digit)), ("address",)),
    Plant("random words", "suffix in a query", in_query(hex_token(8, last_digit)), ("address",)),
    Plant("random words", "one bit of 64 digits", in_attribute("data-a", hex_token(64, one_bit)), ("data-a",)),
    Plant("random words", "exclusive or of two bits", in_attribute("data-b", hex_token(64, two_bits)), ("data-b",)),
    Plant("random words", "exclusive or of bytes", in_attribute("data-c", hex_token(32, folded)), ("data-c",)),
    Plant("random words", "parity of bits", in_attribute("data-d", hex_token(8, bit_count)), ("data-d",)),
    Plant("random words", "length", in_attribute("data-e", lambda c: secrets.token_hex(8)[: 10 + c]), ("data-e",)),
    Plant("random words", "capitals", in_attribute("data-f", cased), ("data-f",)),
    Plant(
        "random words", "with the position", in_attribute("data-g", with_letter(hex_token(16, last_digit))), ("data-g",)
    ),
    Plant(
        "random words",
        "request id",
        in_header("X-Request-Id", hex_token(32, last_digit)),
        ("X-Request-Id",),
        ("image",),
    ),
    Plant("random words", "request id of the page", in_header("X-Page-Id", hex_token(64, one_bit)), ("X-Page-Id",)),
    Plant("random words", "cookie", cookie, ("Set-Cookie seen",), ("image",)),
    Plant("random words", "receipt", receipt, ("thanks",), ("thanks",)),
    Plant("random words", "two words together", two_headers, ("X-One", "together"), ("image",)),
]
FORMS = [
    Plant("forms", "order of attributes", in_parts(attributes_swapped), ("<img",)),
    Plant("forms", "a blank", replace_if(3, "<img ", "<img  "), ("<img",)),
    Plant("forms", "letter case", replace_if(2, "</span>", "</SPAN>"), ("</span",)),
    Plant(
        "forms", "order of classes", replace_if(4, 'class="badge badge-first"', 'class="badge-first badge"'), ("<span",)
    ),
    Plant("forms", "blank between elements", lambda s: s.append("\n" * s.order[0]), ("text after",)),
    Plant("forms", "order of headers", header_order, ("names in order",), ("image",)),
    Plant(
        "forms", "Server-Timing", in_header("Server-Timing", lambda c: f"db;dur={c}.2"), ("Server-Timing",), ("image",)
    ),
    Plant(
        "forms",
        "file name",
        in_header("Content-Disposition", lambda c: f'inline; filename="{c}.png"'),
        ("Content-Disposition",),
        ("image",),
    ),
    Plant(
        "forms",
        "weak ETag",
        in_header("ETag", lambda c: f'{"W/" if c == 1 else ""}"{secrets.token_hex(8)}"'),
        ("ETag",),
        ("image",),
    ),
    Plant(
        "forms",
        "Last-Modified",
        in_header("Last-Modified", lambda c: formatdate(time.time() - 3600 * c, usegmt=True)),
        ("Last-Modified",),
        ("image",),
    ),
    Plant(
        "forms",
        "caching",
        in_header("Cache-Control", lambda c: "no-store" if c < 3 else "no-store, private"),
        ("Cache-Control",),
        ("image",),
    ),
    Plant("forms", "redirect", redirect, ("redirect",), ("image",)),
    Plant("forms", "pieces", pieces, ("pieces",), ("image",)),
    Plant(
        "forms",
        "zero-width space",
        in_parts(lambda part, c: part.replace("1st", "1st" + "\u200b" * c)),
        ("text after",),
    ),
]
IDENTITIES = [
    Plant("identities", "the same value for an image", by_image("X-Match", digest), ("X-Match",), ("image",)),
    Plant(
        "identities",
        "the same beginning for an image",
        by_image("X-Start", lambda s: digest(s)[:4] + secrets.token_hex(8)),
        ("X-Start", "first"),
        ("image",),
    ),
    Plant(
        "identities",
        "another key for each clip",
        by_image("X-Key", lambda s: str(s.condition * (3 if s.trial.clip_id % 2 else 7) % 11)),
        ("X-Key",),
        ("image",),
    ),
    Plant(
        "identities",
        "one clip only",
        by_image("X-Clip", lambda s: str(s.condition if s.trial.clip.number == 1 else 0)),
        ("X-Clip",),
        ("image",),
    ),
    Plant(
        "identities",
        "one condition only",
        only_if(lambda s: s.condition == 3, in_header("X-Rare", lambda c: "yes")),
        ("X-Rare",),
        ("image",),
    ),
    Plant(
        "identities",
        "HEAD",
        only_if(lambda s: s.request.method == "HEAD", in_header("X-Head", str)),
        ("X-Head",),
        ("image",),
    ),
    Plant(
        "identities",
        "ranges",
        only_if(lambda s: "Range" in s.request.headers, in_header("X-Part", str)),
        ("X-Part",),
        ("image",),
    ),
    Plant("identities", "ids in order", ids_in_order, ("rank", "id")),
    Plant(
        "identities",
        "alternative text",
        in_parts(lambda part, c: part.replace('alt="', f'alt="{"wxyz"[c - 1]} ', 1)),
        ("alt",),
    ),
    Plant("identities", "order of preloads", preload, ("load order",)),
    Plant("identities", "the next trial's order in a reply", upcoming, ("reply before",), ("reply",)),
    Plant("identities", "tags of the sound", tag_of_sound, ("sound", "end"), ("sound",)),
]
# In studies whose people rate the images, and in those who compare two of them.
IN_RATINGS = [
    Plant("ratings", "name of a field", in_rows(lambda part, c: part.replace('name="q.', f'name="q{c}.')), ("row",)),
    Plant("ratings", "order of the scales", scales_swapped, ("row",)),
    Plant(
        "ratings",
        "an answer that is set already",
        in_rows(lambda part, c: part.replace(f'value="{c}"', f'value="{c}" checked')),
        ("row", "<input", "as written"),  # an attribute without a value has no name of its own there
    ),
    Plant("ratings", "words of an anchor", in_rows(lambda part, c: part.replace(" of 7", "  of 7", c)), ("row",)),
]
IN_PAIRS = [
    Plant("pairs", "which is left", comment, ("<!--",)),
    Plant("pairs", "the better half", only_if(lambda s: s.order[0] < s.order[1], order_in_header("X-Up")), ("X-Up",)),
    Plant("pairs", "a word of the image", in_attribute("data-a", hex_token(16, last_digit)), ("data-a",)),
]
PLANTS = [*IDENTITIES, *STATES, *LEFT_OUT, *RANDOM_WORDS, *FORMS]
