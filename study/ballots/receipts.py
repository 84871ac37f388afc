"""Receipts and digests, by which a participant proves that the ballots in an export are the ones they cast.

Functions of plain values, so that an export can be verified with Python alone:

- each ballot has a `digest` over its content and a random nonce; without the nonce, the few possible answers could be
  tried one by one;
- each participant gets a random `receipt`; an export holds `receipt_commitment(receipt, digests)`, from which the
  receipt cannot be derived, but which its holder can compute again.
"""

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from typing import Any

# What a ballot's digest covers, in this order.
DIGEST_FIELDS = ("participant", "clip", "repeat", "trial", "first", "second", "none_fits")
_TRUE = ("1", "true", "yes")


def normal_receipt(text: str) -> str:
    """A receipt as a person typed it, in its normal form."""
    code = "".join(character for character in text.upper() if character.isalnum())
    code = code.replace("0", "O").replace("1", "I").replace("8", "B")
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def _canonical(ballot: Mapping[str, Any]) -> list[Any]:
    """The content in one form, from values of the database or from text of a CSV file."""
    return [
        str(ballot["participant"]),
        str(ballot["clip"]),
        int(ballot["repeat"] or 0),
        int(ballot["trial"]),
        str(ballot["first"] or ""),
        str(ballot["second"] or ""),
        str(ballot["none_fits"]).lower() in _TRUE,
    ]


def ballot_digest(nonce: str, ballot: Mapping[str, Any]) -> str:
    """SHA-256 over the nonce and the ballot's content.

    Args:
        nonce: the ballot's random nonce, as hex.
        ballot: the fields of `DIGEST_FIELDS` as in the ballot table; `first` and `second` are condition keys, empty for
            no choice.

    Raises:
        KeyError: a field is missing.
        ValueError: `trial` or `repeat` is not a number.
    """
    content = json.dumps([nonce, *_canonical(ballot)], separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()


def receipt_commitment(receipt: str, digests: Iterable[str]) -> str:
    """A participant's commitment in an export: SHA-256 over the receipt and the sorted digests of the ballots."""
    return hashlib.sha256("\n".join([normal_receipt(receipt), *sorted(digests)]).encode()).hexdigest()


def verify_ballot(row: Mapping[str, Any]) -> bool:
    """Whether the content of a row of the ballot table matches its `nonce` and `digest`."""
    return secrets.compare_digest(ballot_digest(row["nonce"], row), str(row["digest"]))


def find_receipt(
    receipt: str, digests_by_participant: Mapping[str, Iterable[str]], commitments: Mapping[str, str]
) -> str | None:
    """Return the participant with the commitment that matches the receipt and digests, or None.

    Args:
        digests_by_participant: each participant's ballot digests, from the export.
        commitments: each participant's commitment, from the export.
    """
    for participant, digests in digests_by_participant.items():
        stated = commitments.get(participant)
        if stated and secrets.compare_digest(receipt_commitment(receipt, digests), stated):
            return participant
    return None
