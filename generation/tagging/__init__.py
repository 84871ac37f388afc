"""Predict tags with probabilities from audio; train and evaluate CLMR taggers.

Imports `listening` and no other room. Importing it loads no model library; building a tagger does. Doors: the names
below, `store` and `magnatagatune` for data sets, `evaluate`, and `clmr` for training.
"""

from pathlib import Path

from generation.tagging.base import Tagger, TaggingError, read_thresholds
from generation.tagging.options import ClmrOptions, ImportedOptions, MusicnnOptions, TaggerOptions

__all__ = [
    "ClmrOptions",
    "ImportedOptions",
    "MusicnnOptions",
    "Tagger",
    "TaggerOptions",
    "TaggingError",
    "build_tagger",
]


def build_tagger(options: TaggerOptions, *, weights_folder: Path | None = None) -> Tagger:
    """Build the tagger of the options. Loads torch: for workers and commands.

    `weights_folder` holds the embedded tagger's converted weights (default: `weights` under EARSIGHT_DATA). Raises
    TaggingError if files are missing or wrong, or for imported predictions, which hear nothing.
    """
    tagger: Tagger
    if isinstance(options, ImportedOptions):
        raise TaggingError("imported predictions know the clips of their table only, so they can tag no other audio.")
    if isinstance(options, ClmrOptions):
        from generation.tagging.clmr.tagger import build_clmr_tagger

        tagger = build_clmr_tagger(options)
    else:
        from generation.tagging.musicnn.tagger import build_musicnn_tagger

        tagger = build_musicnn_tagger(weights_folder)
    if options.thresholds is not None:
        tagger.thresholds = read_thresholds(options.thresholds, tagger.vocabulary)
    return tagger
