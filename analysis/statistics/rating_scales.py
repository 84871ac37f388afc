"""What may be assumed about ratings on a scale, and what to begin with."""

LARGEST_SHARE_OF_SCALE = 0.9  # of the distance between the ends: beyond, all ratings are at the two ends


def usual_ratings(lowest: int, highest: int) -> dict[str, float]:
    """Effect and spreads to begin with: of the size that studies on seven steps find, for a scale of this width."""
    width = highest - lowest
    usual = {"difference": 0.5, "sd_participants": 0.5, "sd_clips": 0.6, "sd_residual": 1.2}
    return {name: round(value * width / 6, 2) for name, value in usual.items()}
