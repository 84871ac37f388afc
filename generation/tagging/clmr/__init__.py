"""CLMR, contrastive learning of musical representations (Spijkervet & Burgoyne, ISMIR 2021): tagger and training."""

from generation.tagging.clmr.checkpoints import (
    CheckpointError,
    load_encoder_checkpoint,
    load_head,
    save_encoder,
    save_head,
)
from generation.tagging.clmr.loss import nt_xent
from generation.tagging.clmr.network import SAMPLE_RATE, SEGMENT, Head, SampleCNN

__all__ = [
    "SAMPLE_RATE",
    "SEGMENT",
    "CheckpointError",
    "Head",
    "SampleCNN",
    "load_encoder_checkpoint",
    "load_head",
    "nt_xent",
    "save_encoder",
    "save_head",
]
