"""Digests of plain data that stay the same from process to process."""

import hashlib
import json
from typing import Any


def canonical_digest(values: Any) -> str:
    """Return the SHA-256 (hex) of `values` as canonical JSON: sorted keys, no blanks, UTF-8."""
    canonical = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
