"""Receipts, commitments and digests: proof that the ballots in an export are the ones that a participant cast.

Functions of plain values, so that an export can be verified with Python alone:

- each ballot has a `digest` over its content and a random nonce; without the nonce, the few possible answers could be
  tried one by one;
- on finishing, a participant's `commitment` is fixed over all their digests and written to the study's hash chain;
- the `receipt` is 16 random letters, the secret of the commitment, and the first 16 letters of the commitment. It alone
  proves or disproves the answers in an export: other answers give another commitment, which the receipt does not state.

Receipts of earlier versions have 24 random letters. They find their commitment, but state none: whoever holds the
database could have computed it again.
"""

import base64
import hashlib
import json
import secrets
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from study.digests import canonical_digest

# What a ballot's digest covers, in this order. Digests of version 1 end after `none_fits`; those of version 3, of
# ballots with answers to further questions, end with one more: `content`, as canonical JSON text.
DIGEST_FIELDS = (
    "participant",
    "clip",
    "repeat",
    "trial",
    "first",
    "second",
    "none_fits",
    "order",
    "reason",
    "knows_piece",
)
_FIELDS_OF_VERSION_1 = 7
_HALF = 16  # letters of base 32, 80 bits
RECEIPT_LETTERS = 2 * _HALF
OLD_RECEIPT_LETTERS = 24
_TRUE = ("1", "true", "yes")


def normal_receipt(text: str) -> str:
    """A receipt as a person typed it, in its normal form."""
    code = _letters(text)
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def _letters(text: str) -> str:
    code = "".join(character for character in unicodedata.normalize("NFKC", text).upper() if character.isalnum())
    return code.replace("0", "O").replace("1", "I").replace("8", "B")


def image_name(condition: str, other_clip: int | None) -> str:
    """An image as digests name it: by its condition, and by its clip's number if another clip than that plays.

    Trials of match control show images of another clip under the same conditions.
    """
    return condition if other_clip is None else f"{condition}@{other_clip}"


def _canonical(ballot: Mapping[str, Any], version: int) -> list[Any]:
    """The content in one form, from values of the database or from text of a CSV file."""
    content: list[Any] = [
        str(ballot["participant"]),
        str(ballot["clip"]),
        int(ballot["repeat"] or 0),
        int(ballot["trial"]),
        str(ballot["first"] or ""),
        str(ballot["second"] or ""),
        str(ballot["none_fits"]).lower() in _TRUE,
    ]
    if version == 1:  # which did not tell images of another clip from those of the clip heard
        return [value.partition("@")[0] if place in (4, 5) else value for place, value in enumerate(content)]
    knows = ballot["knows_piece"]
    known = "" if knows is None or knows == "" else str(int(str(knows).lower() in _TRUE))
    further = [] if version == 2 else [str(ballot["content"])]
    return [*content, str(ballot["order"]), str(ballot["reason"]), known, *further]


def ballot_digest(nonce: str, ballot: Mapping[str, Any], *, version: int = 2) -> str:
    """SHA-256 over the nonce and the ballot's content.

    Args:
        nonce: the ballot's random nonce, as hex.
        ballot: the fields of `DIGEST_FIELDS` as in the ballot table; `first` and `second` are condition keys, empty for
            no choice.
        version: 1 leaves out `order`, `reason` and `knows_piece`, as earlier versions did; 3 adds `content`, the text
            of the answers to further questions (study/instruments/content.py, images by their names).

    Raises:
        KeyError: a field is missing.
        ValueError: `trial` or `repeat` is not a number.
    """
    content = json.dumps([nonce, *_canonical(ballot, version)], separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()


def verify_ballot(row: Mapping[str, Any]) -> bool:
    """Whether the content of a row of the ballot table matches its `nonce` and `digest`, in its version."""
    # Exports of earlier versions may lack columns of the second.
    versions = (3,) if row.get("content") else (1, 2)
    return any(
        secrets.compare_digest(ballot_digest(row["nonce"], row, version=version), str(row["digest"]))
        for version in versions
    )


def answers_digest(nonce: str, answers: Any) -> str:
    """Digest of what a participant answered beside the ballots (`Participant.answers`), with their nonce."""
    return canonical_digest(["answers", nonce, answers])


def commitment_of(secret: str, code: str, digests: Iterable[str]) -> str:
    """A participant's commitment.

    Args:
        secret: the receipt's first half; for somebody who has not finished, the participant's nonce.
        code: the participant's code.
        digests: of all ballots, also of practice, repeats and checks, and of the answers (`answers_digest`).
    """
    return canonical_digest(["commitment", 1, secret, code, sorted(digests)])


def covered_digest(code: str, digests: Iterable[str]) -> str:
    """One digest of all that a participant's commitment covers. It needs no secret, so anybody can compute it again."""
    return canonical_digest(["covered", 1, code, sorted(digests)])


def receipt_for(secret: str, commitment: str) -> str:
    """The receipt, in eight groups of four letters: the secret, and the first 80 bits of the commitment."""
    return normal_receipt(secret + _stated(commitment))


def secret_of(receipt: str) -> str:
    """The secret of a receipt: its first 16 letters."""
    return _letters(receipt)[:_HALF]


def binds(receipt: str) -> bool:
    """Whether the receipt states a commitment; those of earlier versions do not."""
    return len(_letters(receipt)) == RECEIPT_LETTERS


def states(receipt: str, commitment: str) -> bool:
    """Whether the receipt states this commitment, hex."""
    try:
        stated = _stated(commitment)
    except ValueError:  # no digest: somebody changed it
        return False
    return binds(receipt) and secrets.compare_digest(_letters(receipt)[_HALF:].encode(), stated.encode())


def public_half(commitment: str) -> str:
    """The half of a receipt that states this commitment, hex: a study that was brought in has no more of its receipts.

    Raises:
        ValueError: it is no digest.
    """
    return normal_receipt(_stated(commitment))


def is_public_half(receipt: str) -> bool:
    """Whether this is only the half of a receipt that states a commitment; its secret is with its holder alone."""
    return len(_letters(receipt)) == _HALF


def _stated(commitment: str) -> str:
    return base64.b32encode(bytes.fromhex(commitment)).decode()[:_HALF]


def receipt_commitment(receipt: str, digests: Iterable[str]) -> str:
    """A commitment as exports of earlier versions hold it: SHA-256 over the receipt and the sorted ballot digests."""
    return hashlib.sha256("\n".join([normal_receipt(receipt), *sorted(digests)]).encode()).hexdigest()


def find_receipt(
    receipt: str, digests_by_participant: Mapping[str, Iterable[str]], commitments: Mapping[str, str]
) -> str | None:
    """Return the participant of an older export whose commitment matches the receipt and digests, or None.

    Args:
        digests_by_participant: each participant's ballot digests, from the export.
        commitments: each participant's commitment, from the export.
    """
    for participant, digests in digests_by_participant.items():
        stated = commitments.get(participant)
        if stated and secrets.compare_digest(receipt_commitment(receipt, digests), stated):
            return participant
    return None
