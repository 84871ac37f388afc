"""A small data set in MagnaTagATune's layout whose sounds can be learned: each clip is synthesised from its tags."""

import csv
import lzma
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

RATE = 22_050
SECONDS = 6.0
# How a note sounds, by the tag that names its instrument; the first that a clip has leads, the others accompany.
VOICES: dict[str, tuple[float, float, float]] = {  # octave against 220 Hz, decay a second, brightness
    "guitar": (0, 3.0, 0.7),
    "piano": (1, 2.0, 0.5),
    "harpsichord": (1, 6.0, 0.95),
    "violin": (1, 0.0, 0.8),
    "strings": (0, 0.0, 0.75),
    "cello": (-1, 0.0, 0.7),
    "flute": (2, 0.0, 0.1),
    "sitar": (0, 1.5, 0.98),
    "harp": (1, 4.0, 0.4),
    "synth": (0, 0.5, 0.9),
}
SUNG = ("female", "woman", "male", "man", "vocal", "vocals", "voice", "singing", "opera", "choir", "rap")
BEATEN = ("drums", "beat", "beats", "techno", "dance", "rock", "metal", "electronic", "electro")
LEARNABLE = frozenset([*VOICES, *SUNG, *BEATEN, "ambient", "slow", "fast", "loud", "quiet", "soft"])


def synthesise(tags: set[str], rng: np.random.Generator) -> np.ndarray:
    """Return six seconds of mono sound, float32, that the tags determine but for pitch, rhythm and noise."""
    time = np.arange(round(SECONDS * RATE)) / RATE
    rate = 6.0 if "fast" in tags else 1.2 if "slow" in tags else 2.5
    leading = [voice for voice in VOICES if voice in tags] or (["synth"] if "electronic" in tags else [])
    sound = 0.02 * rng.standard_normal(len(time))
    for voice in leading[:3]:
        sound += _notes(time, *VOICES[voice], rate=rate, rng=rng)
    if tags & set(SUNG):
        sound += _sung(time, high=bool(tags & {"female", "woman", "opera"}), rng=rng)
    if tags & set(BEATEN):
        sound += _beats(time, 2.2 if tags & {"techno", "dance"} else 1.7, rng)
    if "ambient" in tags:
        sound += 0.2 * np.convolve(rng.standard_normal(len(time)), np.ones(60) / 8, "same")
    level = 0.3 if tags & {"loud", "rock", "metal"} else 0.03 if tags & {"quiet", "soft"} else 0.1
    return (level * sound / np.sqrt((sound**2).mean())).clip(-1, 1).astype(np.float32)


def _notes(
    time: np.ndarray, octave: float, decay: float, brightness: float, *, rate: float, rng: np.random.Generator
) -> np.ndarray:
    since = (time * rate + rng.uniform()) % 1 / rate
    note = np.floor(time * rate).astype(int)
    steps = rng.choice([0, 2, 4, 7, 9, 12], note.max() + 1)
    phase = 2 * np.pi * np.cumsum(220 * 2 ** (octave + steps[note] / 12)) / RATE
    tone = sum(brightness**k * np.sin(k * phase) for k in range(1, 9))
    return np.asarray(tone * np.exp(-decay * since))


def _sung(time: np.ndarray, *, high: bool, rng: np.random.Generator) -> np.ndarray:
    pitch = (330 if high else 130) * 2 ** (rng.uniform(-2, 2) / 12)
    phase = 2 * np.pi * np.cumsum(pitch * (1 + 0.02 * np.sin(2 * np.pi * 5.5 * time))) / RATE
    formants = (800, 1200) if high else (600, 1000)
    parts = ((k, np.exp(-(((k * pitch - f) / 250) ** 2))) for k in range(1, 12) for f in formants)
    return np.asarray(2 * sum(level * np.sin(k * phase) for k, level in parts))


def _beats(time: np.ndarray, rate: float, rng: np.random.Generator) -> np.ndarray:
    since = (time * rate + rng.uniform()) % 1 / rate
    kick = np.sin(2 * np.pi * (50 + 60 * np.exp(-30 * since)) * since) * np.exp(-12 * since)
    off = (time * rate + 0.5) % 1 / rate
    return np.asarray(2 * kick + rng.standard_normal(len(time)) * np.exp(-40 * off))


def real_rows(path: Path, count: int) -> tuple[list[str], list[list[str]]]:
    """Return the header and `count` rows of MagnaTagATune's annotations that have a tag one can hear here.

    Rows are drawn from all folders in the data set's proportions, always the same ones.
    """
    opened: Callable = lzma.open if path.suffix == ".xz" else open
    with opened(path, "rt", encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file, delimiter="\t")
    heard = [column for column, tag in enumerate(header) if tag in LEARNABLE]
    chosen = [row for row in rows if sum(row[column] == "1" for column in heard) >= 2]
    chosen.sort(key=lambda row: zlib.crc32(row[0].encode()))
    return header, chosen[:count]


def write_data_set(folder: Path, header: list[str], rows: list[list[str]]) -> Path:
    """Write the rows as `annotations_final.csv`, and a synthesised MP3 at each row's path; return the table."""
    for row in rows:
        tags = {tag for tag, value in zip(header[1:-1], row[1:-1], strict=True) if value == "1"}
        path = folder / row[-1]
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file():
            soundfile.write(path, synthesise(tags, np.random.default_rng(int(row[0]))), RATE)
    table = folder / "annotations_final.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter="\t", quoting=csv.QUOTE_ALL).writerows([header, *rows])
    return table
