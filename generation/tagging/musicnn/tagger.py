"""The embedded tagger: musicnn with its converted weights."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open

from generation.listening.audio import resample
from generation.tagging.base import TaggingError, check_waveforms
from generation.tagging.musicnn.network import SAMPLE_RATE, LogMel, Musicnn
from generation.tagging.musicnn.weights import weights_path
from generation.tagging.weights import default_weights_folder, sha256_of

_BATCH = 16
"""Patches at once: bounds the memory whatever the clip's length."""


class MusicnnTagger:
    """musicnn as a Tagger: probabilities of MagnaTagATune's 50 usual tags, the mean over 3 s patches."""

    name = "musicnn"

    def __init__(self, network: Musicnn, vocabulary: Sequence[str], identity: dict[str, str]) -> None:
        self.network = network.eval().requires_grad_(False)
        self.front_end = LogMel()
        self.vocabulary = tuple(vocabulary)
        self.thresholds: tuple[float, ...] | None = None
        self.identity = identity

    def predict(self, waveforms: Sequence[np.ndarray], sample_rate: int) -> np.ndarray:
        """Probabilities, float32 (clips, 50), of mono waveforms at one sample rate."""
        return np.stack([self.hear(samples, sample_rate)[0] for samples in check_waveforms(waveforms)])

    def represent(self, waveforms: Sequence[np.ndarray], sample_rate: int) -> np.ndarray:
        """The last layer but one, float32 (clips, 200), the mean over patches."""
        return np.stack([self.hear(samples, sample_rate)[1] for samples in check_waveforms(waveforms)])

    def hear(self, samples: np.ndarray, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
        """One clip's probabilities (tags,) and representation (200,)."""
        with torch.inference_mode():
            patches = self.front_end(torch.from_numpy(resample(samples, sample_rate, SAMPLE_RATE)))
            hidden = torch.cat([self.network.representation(batch) for batch in patches.split(_BATCH)])
            probabilities = torch.sigmoid(self.network.output(hidden)).mean(dim=0)
        return probabilities.numpy(), hidden.mean(dim=0).numpy()


def build_musicnn_tagger(weights_folder: Path | None = None) -> MusicnnTagger:
    """Loads the converted weights; raises TaggingError where they are not there yet."""
    path = weights_path(weights_folder or default_weights_folder())
    if not path.is_file():
        raise TaggingError(f"musicnn's weights are not at {path}; run `python manage.py fetch_musicnn` once (29 MB).")
    with safe_open(path, "pt") as file:
        tags = json.loads(file.metadata()["tags"])
        network = Musicnn(len(tags))
        missing = network.load_state_dict({name: file.get_tensor(name) for name in file.keys()}, strict=False)  # noqa: SIM118
    unexpected = [name for name in missing.missing_keys if not name.endswith("num_batches_tracked")]
    if unexpected or missing.unexpected_keys:
        raise TaggingError(f"{path} does not hold musicnn's weights; delete it and run fetch_musicnn again.")
    identity = {"name": "musicnn", "weights": "MTT_musicnn 0.1.0", "weights_sha256": sha256_of(path)}
    return MusicnnTagger(network, tags, identity)
