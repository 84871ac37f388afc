"""Taggers: audio → tags with probabilities. Importing this package stays light; building one does not."""

from pathlib import Path

from generation.tagging.base import Tagger, TaggingError, read_thresholds
from generation.tagging.options import ClmrOptions, MusicnnOptions, TaggerOptions

__all__ = ["ClmrOptions", "MusicnnOptions", "Tagger", "TaggerOptions", "TaggingError", "build_tagger"]


def build_tagger(options: MusicnnOptions | ClmrOptions, *, weights_folder: Path | None = None) -> Tagger:
    """Builds the tagger that the options name (heavy: for workers and commands).

    `weights_folder` is where the embedded tagger's converted weights lie (default: `weights` under
    EARSIGHT_DATA). Raises TaggingError where files are missing or not what they should be.
    """
    tagger: Tagger
    if isinstance(options, ClmrOptions):
        from generation.tagging.clmr.tagger import build_clmr_tagger

        tagger = build_clmr_tagger(options)
    else:
        from generation.tagging.musicnn.tagger import build_musicnn_tagger

        tagger = build_musicnn_tagger(weights_folder)
    if options.thresholds is not None:
        tagger.thresholds = read_thresholds(options.thresholds, tagger.vocabulary)
    return tagger
