"""The colours of materials, shifted towards the light of the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from generation.painting.sketch.canvas import mix, rgb


@dataclass(frozen=True)
class Inks:
    """Materials of instruments and people under one light; each a colour (3,); `person` chose skin and hair."""

    wood: np.ndarray
    wood_dark: np.ndarray
    wood_light: np.ndarray
    varnish: np.ndarray
    black: np.ndarray
    coal: np.ndarray
    white: np.ndarray
    cream: np.ndarray
    brass: np.ndarray
    brass_dark: np.ndarray
    brass_light: np.ndarray
    silver: np.ndarray
    silver_dark: np.ndarray
    accent: np.ndarray
    accent_dark: np.ndarray
    second: np.ndarray
    skin: np.ndarray
    hair: np.ndarray
    person: int = 0


_NATURAL = {
    "wood": "#c5762f",
    "wood_dark": "#5a2f1d",
    "wood_light": "#eab268",
    "varnish": "#9c3f20",
    "black": "#1d1c26",
    "coal": "#3b3a4a",
    "white": "#fbf4e6",
    "cream": "#eedcb8",
    "brass": "#e3a634",
    "brass_dark": "#8f5716",
    "brass_light": "#fbe08c",
    "silver": "#c3ccd4",
    "silver_dark": "#6c7a8a",
}

_SKINS = ("#f0c3a0", "#d99f76", "#b5754d", "#7d4a30")
_HAIR = ("#2a1d22", "#5b2d1e", "#8c4a20", "#3c2a3f")


def inks_under(light: np.ndarray, shade: np.ndarray, accent: np.ndarray, second: np.ndarray, person: int) -> Inks:
    """Materials seen under `light` with shadows of `shade`; `person` chooses skin and hair."""
    colours = {}
    for name, code in _NATURAL.items():
        natural = rgb(code)
        dark = 1 - float(natural.mean())
        colours[name] = mix(mix(natural, shade, 0.16 * dark), light, 0.10 * (1 - dark))
    return Inks(
        **colours,
        accent=accent,
        accent_dark=mix(accent, shade, 0.55),
        second=second,
        skin=mix(rgb(_SKINS[person % 4]), light, 0.12),
        hair=mix(rgb(_HAIR[(person // 4) % 4]), shade, 0.2),
        person=person,
    )
