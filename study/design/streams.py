"""Named random streams: every draw has its own generator, derived from the seed and a name."""

import hashlib

import numpy as np


def stream(seed: int, *name: int | str) -> np.random.Generator:
    """The generator of one draw.

    Args:
        seed: the study's recorded seed.
        name: what is drawn and for whom, such as ("positions", "real", 3, 0) for clip 3 and block 0. Different names
            give independent generators, so that adding a kind of draw changes no other.
    """
    text = "\x1f".join([str(seed), *map(str, name)])
    key = int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")
    return np.random.Generator(np.random.Philox(key=key))
