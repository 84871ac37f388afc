"""CLMR as a Tagger: encoder, head and the names of the head's outputs."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from generation.listening.audio import resample
from generation.tagging.base import ClipwiseTagger, TaggingError
from generation.tagging.clmr.checkpoints import CheckpointError, load_encoder_checkpoint, load_head
from generation.tagging.clmr.network import SAMPLE_RATE, Head, SampleCNN
from generation.tagging.clmr.runtime import Precision, Runtime, build_encode
from generation.tagging.clmr.segments import cut_segments
from generation.tagging.options import ClmrOptions
from study.digests import file_digest


class ClmrTagger(ClipwiseTagger):
    """CLMR: probabilities are the sigmoid of the head on each segment, representations those of the encoder.

    Both are weighted means over the clip's segments. `thresholds`, one per tag, are stored in a head that was trained
    here (None otherwise).
    """

    name = "clmr"

    def __init__(
        self,
        encoder: SampleCNN,
        head: Head,
        vocabulary: Sequence[str],
        identity: dict[str, str],
        *,
        runtime: Runtime = "auto",
        precision: Precision = "float32",
    ) -> None:
        if head.dimensions != encoder.dimensions:
            raise CheckpointError(
                f"the head takes representations of {head.dimensions} numbers, "
                f"the encoder gives {encoder.dimensions}; they are not from the same model"
            )
        if len(vocabulary) != head.outputs:
            raise CheckpointError(f"{len(vocabulary)} tags are named for the head's {head.outputs} outputs")
        self.segment = encoder.segment
        self.head = head.eval().requires_grad_(False)
        self.vocabulary = tuple(vocabulary)
        self.thresholds = head.thresholds
        self._encode, used = build_encode(encoder, runtime, precision)
        self.identity = identity | {"runtime": used}

    def analyse(self, samples: np.ndarray, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
        segments = cut_segments(resample(samples, sample_rate, SAMPLE_RATE), self.segment)
        representations = self._encode(segments.samples)
        with torch.inference_mode():
            probabilities = torch.sigmoid(self.head(torch.from_numpy(representations))).numpy()
        return segments.weights @ probabilities, segments.weights @ representations


def build_clmr_tagger(options: ClmrOptions) -> ClmrTagger:
    """Load encoder, head and tags. Raises TaggingError if a file is missing or refused, or the files do not match."""
    encoder, head = load_encoder_checkpoint(options.encoder), load_head(options.head)
    vocabulary = read_tag_names(options.tags) if options.tags else head.tags
    if vocabulary is None:
        raise CheckpointError(
            f"{options.head}: this head does not name its {head.outputs} outputs; "
            "give a text file with its tags in their order, one per line (--tags TAGS.txt)."
        )
    taught = head.trained_on.get("encoder_weights")
    if taught is not None and taught != encoder.digest():
        raise CheckpointError(
            f"{options.head}: this head was trained on the representations of another encoder than {options.encoder}; "
            "name the encoder.pt that was written or used when the head was trained."
        )
    identity = {
        "name": "clmr",
        "encoder_sha256": file_digest(Path(options.encoder)),
        "head_sha256": file_digest(Path(options.head)),
    }
    # The labels, so that an image's provenance shows whether its tags come from a head on redefined labels.
    identity |= {f"head_{name}": value for name, value in head.trained_on.items() if name.startswith("annotations")}
    try:
        return ClmrTagger(encoder, head, vocabulary, identity, runtime=options.runtime, precision=options.precision)
    except CheckpointError as error:
        raise CheckpointError(f"{options.head}: {error}.") from error


def read_tag_names(path: str | Path) -> tuple[str, ...]:
    """Read tags from a text file, one per line; raises TaggingError if there is none, or one is given twice."""
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TaggingError(f"{path}: the tags cannot be read ({error}).") from error
    tags = tuple(line.strip() for line in lines if line.strip())
    if not tags:
        raise TaggingError(f"{path}: names no tags; one per line is expected.")
    twice = sorted({tag for tag in tags if tags.count(tag) > 1})
    if twice:
        raise TaggingError(f"{path}: names a tag twice: {', '.join(twice)}.")
    return tags
