"""Which seed a clip is painted from, first and on every repainting."""

from __future__ import annotations

import hashlib

ATTEMPTS = 8


def seed_sequence(study_seed: int, clip_digest: str, length: int = ATTEMPTS) -> tuple[int, ...]:
    """The seeds of one clip, in the order in which they are used: the first painting takes the first.

    All conditions of the clip share each seed. The sequence follows from the study's seed and the audio's
    SHA-256 alone, so it can be recorded before anything is painted and a longer one begins with the shorter.
    Seeds are 32-bit: every generator in use takes them.
    """
    return tuple(
        int.from_bytes(hashlib.sha256(f"earsight {study_seed} {clip_digest} {attempt}".encode()).digest()[:4], "big")
        for attempt in range(length)
    )
