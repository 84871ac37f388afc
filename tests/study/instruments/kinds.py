"""Instruments for tests that ask what no preset asks: every kind, of images and of the music, in every layout."""

from typing import Any

MATCH = {
    "key": "match",
    "text": {"en": "Match", "ko": "어울림"},
    "steps": 5,
    "low": {"en": "not at all", "ko": "전혀 아님"},
    "high": {"en": "perfectly", "ko": "완벽함"},
    "cannot_say": True,
}
WARMTH = {
    "key": "warmth",
    "text": {"en": "Warmth", "ko": "따뜻함"},
    "steps": "slider",
    "low": {"en": "cold", "ko": "차가움"},
    "high": {"en": "warm", "ko": "따뜻함"},
    "cannot_say": True,
}
FEELINGS = [
    {"key": "joy", "text": {"en": "joy", "ko": "기쁨"}},
    {"key": "calm", "text": {"en": "calm", "ko": "평온함"}},
    {"key": "sorrow", "text": {"en": "sorrow", "ko": "슬픔"}},
]

# The music first, then an order of three, sliders, categories of images, a line, and how sure.
EVERYTHING: dict[str, Any] = {
    "version": 1,
    "primary": "warmth",
    "questions": [
        {
            "kind": "pick",
            "key": "feeling",
            "text": {"en": "What does the music express?", "ko": "음악이 무엇을 표현하나요?"},
            "of": "music",
            "options": FEELINGS,
        },
        {"kind": "choose", "key": "choice", "text": {}, "ranks": 3},
        {"kind": "rate", "key": "looks", "text": {}, "scales": [WARMTH]},
        {
            "kind": "pick",
            "key": "shows",
            "text": {"en": "What does each image show?", "ko": "이미지마다 무엇이 보이나요?"},
            "of": "images",
            "several": True,
            "required": False,
            "options": FEELINGS,
        },
        {"kind": "text", "key": "why", "text": {}},
        {"kind": "confidence", "key": "sure", "text": {}},
    ],
}
# One image after the other, with a question about the music at the end.
ALONE: dict[str, Any] = {
    "version": 1,
    "questions": [
        {"kind": "rate", "key": "looks", "text": {}, "layout": "one", "scales": [MATCH, WARMTH]},
        {
            "kind": "rate",
            "key": "sound",
            "text": {"en": "How loud is the music?", "ko": "음악이 얼마나 큰가요?"},
            "of": "music",
            "scales": [{"key": "loudness", "text": {}, "steps": 5, "low": {"en": "quiet"}, "high": {"en": "loud"}}],
        },
    ],
}
