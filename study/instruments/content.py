"""What a ballot holds beside its first and second choice: answers by question or scale, and how digests name them.

Stored, images are ids as text: {"choice": [third, fourth, …], "pair": "tie", "match": {"12": 5, "13": None},
"loudness": 4, "emotion": {"12": "joy"} or "joy" or ["joy", "calm"], "why": "…", "sure": 4}. None: "cannot say".
"""

import json
from collections.abc import Mapping
from typing import Any

Content = dict[str, Any]

TIE = "tie"


def canonical_content(content: Mapping[str, Any]) -> str:
    """Return the content as text in one form: sorted keys, no blanks; empty if there is none."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False) if content else ""


def named_content(content: Mapping[str, Any], names: Mapping[Any, str], ranked: str = "") -> Content:
    """Return the content with names in place of image ids; an image without a name has an empty one.

    Args:
        ranked: the key of the question that chooses images, whose value is a list of ids.
    """

    by_text = {str(image): name for image, name in names.items()}

    def name_of(image: Any) -> str:
        return by_text.get(str(image), "")

    return {
        key: [name_of(image) for image in value]
        if key == ranked and isinstance(value, list)
        else {name_of(image): given for image, given in value.items()}
        if isinstance(value, Mapping)
        else value
        for key, value in content.items()
    }
