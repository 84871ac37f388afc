"""The embedded tagger: musicnn with its converted weights."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open

from generation.listening.audio import resample
from generation.tagging.base import ClipwiseTagger, TaggingError
from generation.tagging.files import default_weights_folder
from generation.tagging.musicnn.network import SAMPLE_RATE, LogMel, Musicnn
from generation.tagging.musicnn.weights import weights_path
from study.digests import file_digest

_BATCH = 16
"""Patches at once, so that a long clip needs no more memory."""


class MusicnnTagger(ClipwiseTagger):
    """musicnn: probabilities of MagnaTagATune's 50 most frequent tags, and representations of shape (200,).

    Both are means over patches of 3 s.
    """

    name = "musicnn"

    def __init__(self, network: Musicnn, vocabulary: Sequence[str], identity: dict[str, str]) -> None:
        self.network = network.eval().requires_grad_(False)
        self.front_end = LogMel()
        self.vocabulary = tuple(vocabulary)
        self.thresholds: tuple[float, ...] | None = None
        self.identity = identity

    def analyse(self, samples: np.ndarray, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
        """Probabilities (50,) and representation, the last layer but one (200,), both means over patches."""
        with torch.inference_mode():
            patches = self.front_end(torch.from_numpy(resample(samples, sample_rate, SAMPLE_RATE)))
            hidden = torch.cat([self.network.representation(batch) for batch in patches.split(_BATCH)])
            probabilities = torch.sigmoid(self.network.output(hidden)).mean(dim=0)
        return probabilities.numpy(), hidden.mean(dim=0).numpy()


def build_musicnn_tagger(weights_folder: Path | None = None) -> MusicnnTagger:
    """Load the converted weights; raises TaggingError if they were not fetched yet."""
    path = weights_path(weights_folder or default_weights_folder())
    if not path.is_file():
        raise TaggingError(f"musicnn's weights are not at {path}; run `python manage.py fetch_musicnn` once (29 MB).")
    with safe_open(path, "pt") as file:
        tags = json.loads(file.metadata()["tags"])
        network = Musicnn(len(tags))
        result = network.load_state_dict({name: file.get_tensor(name) for name in file.keys()}, strict=False)  # noqa: SIM118
    missing = [name for name in result.missing_keys if not name.endswith("num_batches_tracked")]
    if missing or result.unexpected_keys:
        raise TaggingError(f"{path} does not hold musicnn's weights; delete it and run fetch_musicnn again.")
    identity = {"name": "musicnn", "weights": "MTT_musicnn 0.1.0", "weights_sha256": file_digest(path)}
    return MusicnnTagger(network, tags, identity)
