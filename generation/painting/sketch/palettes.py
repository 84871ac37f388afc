"""Light and colour. Each palette is a sky, a light, three depths of ground and two accents."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np

from generation.painting.sketch.canvas import rgb


@dataclass(frozen=True)
class Palette:
    """Colours (3,): from far to near, light to dark."""

    sky_top: np.ndarray
    sky_low: np.ndarray
    light: np.ndarray
    far: np.ndarray
    mid: np.ndarray
    near: np.ndarray
    accent: np.ndarray
    second: np.ndarray

    @property
    def is_night(self) -> bool:
        return float(self.sky_top.mean()) < 0.32


_CODES = {
    "happy": "#3ba7c4 #fbe3a6 #fff4c9 #8fcbb0 #4fa68a #1f5f63 #f0563b #f6b02c",
    "calm": "#8fb8cf #f9dcc4 #fff1dc #b7c4d6 #8a9fbf #46597f #e2846b #5f9ea0",
    "sad": "#2f4a6d #9fb4c4 #dfe9ea #7f9ab0 #557490 #22384f #d3865a #6fa6b8",
    "dark": "#12122b #4b3a68 #e9c7a0 #3a335c #262347 #0d0d20 #d9623f #6d7fd1",
    "eerie": "#0f1f26 #5a7a5e #e3eeb0 #3b5a55 #223f40 #0b1c20 #b8d04a #a25c9c",
    "fierce": "#250a1c #e0402c #ffd27a #8f1f2c #571527 #1b0813 #ffb52e #f04e37",
    "dreamy": "#3a3b8c #f2a9c4 #ffe9dc #a58ccf #6c62b3 #2a2866 #ff8f87 #59c8cb",
    "warm": "#5f9c9e #fbdc9c #fff2cc #e2a45a #b8653a #4f2a2c #cf4530 #2f7f7a",
    "neon": "#150f38 #8a2a86 #ff8fd0 #4b2178 #2b1658 #0f0a2a #ff3f86 #22d0dd",
    "regal": "#4a1526 #c8783e #ffe3a3 #8c3a34 #5f1f2c #260c18 #e2b04a #2f6f73",
    "smoky": "#14263f #c8743c #ffd796 #3c4c66 #22344f #0c1626 #f09a36 #3fa0a6",
    "saffron": "#d4572f #fcc865 #fff0b8 #d9803a #a5452f #4a1a2c #b5234e #1f8a86",
    "green": "#4f9aa0 #e9efc0 #fffbd9 #8fbc8a #4c8f68 #173f3c #ea7a3c #e9b93f",
    "dawn": "#5a5f9c #fbc9a8 #fff0cf #b094b4 #7a6796 #352f5c #e8a24a #c25b73",
}

LIGHTS = tuple(_CODES)
_LAMP_PARTS = (6, 7, 1)  # accent, second accent and low sky


def lamp(light: str, number: int) -> np.ndarray:
    """A colour of a light, (3,); `number` chooses among its three liveliest."""
    return rgb(_CODES[light].split()[_LAMP_PARTS[number % 3]])


# The light that a place has of its own.
HOME_LIGHT = {
    "hall": "regal",
    "church": "dawn",
    "club": "neon",
    "desert": "saffron",
    "palace": "saffron",
    "forest": "green",
    "castle": "dawn",
    "street": "smoky",
    "stage": "fierce",
    "prairie": "warm",
    "hills": "happy",
    "space": "dreamy",
    "sea": "calm",
    "jungle": "green",
    "factory": "fierce",
    "pagoda": "dawn",
    "room": "warm",
    "forms": "dreamy",
}
HOME_WEIGHT = 0.7


def blend(lights: dict[str, float], place: str, hue_turn: float, lightness: float) -> Palette:
    """The mean of lights by their weights, with the place's own light, as vivid as its parts and jittered by the seed.

    Args:
        lights: weights by name; a negative weight moves the colours away from a light.
        hue_turn: degrees by which every hue is turned, a few either way.
        lightness: factor of all light, close to 1.
    """
    weights = {**lights}
    weights[HOME_LIGHT[place]] = max(weights.get(HOME_LIGHT[place], 0.0), 0.0) + HOME_WEIGHT
    codes = np.array([[rgb(code) for code in _CODES[name].split()] for name in weights])
    shares = np.array(list(weights.values()))
    shares /= np.abs(shares).sum() if shares.sum() <= 0 else shares.sum()
    mean = np.einsum("n,nkc->kc", shares, codes)
    # A mean of several hues is dull: give it the vividness that its parts have on average.
    grey = mean.mean(1, keepdims=True)
    vivid = np.einsum("n,nk->k", np.abs(shares), np.linalg.norm(codes - codes.mean(2, keepdims=True), axis=2))
    strength = np.linalg.norm(mean - grey, axis=1)
    mean = grey + (mean - grey) * np.clip(vivid / np.maximum(strength, 1e-6), 1.0, 1.8)[:, None]
    colours = [np.clip(turn_hue(np.clip(c, 0, 1), hue_turn) * lightness, 0, 1).astype(np.float32) for c in mean]
    return Palette(**dict(zip((f.name for f in fields(Palette)), colours, strict=True)))


def turn_hue(colour: np.ndarray, degrees: float) -> np.ndarray:
    """The colour turned about the grey axis (a rotation of RGB space), which keeps its lightness near."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    third, root = (1 - c) / 3, math.sqrt(1 / 3) * s
    matrix = np.array(
        [
            [c + third, third - root, third + root],
            [third + root, c + third, third - root],
            [third - root, third + root, c + third],
        ]
    )
    return np.clip(matrix @ colour, 0, 1).astype(np.float32)
