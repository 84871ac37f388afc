"""Random streams by name: every draw has its own generator, found again from the seed and a name."""

import hashlib

import numpy as np


def stream(seed: int, *name: int | str) -> np.random.Generator:
    """The generator of one draw.

    Args:
        seed: the study's recorded seed.
        name: what is drawn, for whom: ("positions", "real", clip 3, block 0). Different names give
            independent generators, so that a new kind of draw never moves an old one.
    """
    text = "\x1f".join([str(seed), *map(str, name)])
    key = int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")
    return np.random.Generator(np.random.Philox(key=key))
