"""What every request passes: its edge, limits for anonymous visitors, the queue of uploads, response headers."""
