"""Instruments that ship, each as the data that a study stores, in English and Korean."""

from collections.abc import Mapping
from typing import Any

_SCALES: Mapping[str, Any] = {
    "match": {
        "key": "match",
        "text": {"en": "How well does the image match the music?", "ko": "이미지가 음악과 얼마나 잘 어울리나요?"},
        "steps": 7,
        "low": {"en": "not at all", "ko": "전혀 어울리지 않음"},
        "high": {"en": "perfectly", "ko": "완벽하게 어울림"},
    },
    "quality": {
        "key": "quality",
        "text": {"en": "How good is the image itself?", "ko": "이미지 자체의 품질은 어떤가요?"},
        "steps": 7,
        "low": {"en": "very bad", "ko": "매우 나쁨"},
        "high": {"en": "very good", "ko": "매우 좋음"},
    },
}

# By name, in the order in which they are offered. The seed's is a study without an instrument of its own.
PRESETS: Mapping[str, Mapping[str, Any]] = {
    "seed": {},
    "match_and_quality": {
        "version": 1,
        "primary": "match",
        "questions": [
            {
                "kind": "rate",
                "key": "rating",
                "text": {"en": "Rate each image", "ko": "이미지마다 점수를 매겨 주세요"},
                "scales": [_SCALES["match"], _SCALES["quality"]],
            }
        ],
    },
    "pairs": {
        "version": 1,
        "questions": [
            {
                "kind": "pair",
                "key": "pair",
                "text": {"en": "Which image fits the music better?", "ko": "어느 이미지가 음악에 더 잘 어울리나요?"},
                "tie": True,
            }
        ],
    },
    "valence_arousal": {
        "version": 1,
        "primary": "valence",
        "questions": [
            {
                "kind": "rate",
                "key": "feeling",
                "text": {
                    "en": "Which feeling does each image express?",
                    "ko": "이미지가 표현하는 느낌은 어떤가요?",
                },
                "scales": [
                    {
                        "key": "valence",
                        "text": {"en": "Unpleasant or pleasant?", "ko": "불쾌한 느낌인가요, 유쾌한 느낌인가요?"},
                        "steps": 9,
                        "low": {"en": "very unpleasant", "ko": "매우 불쾌함"},
                        "high": {"en": "very pleasant", "ko": "매우 유쾌함"},
                    },
                    {
                        "key": "arousal",
                        "text": {"en": "Calm or excited?", "ko": "차분한 느낌인가요, 흥분된 느낌인가요?"},
                        "steps": 9,
                        "low": {"en": "very calm", "ko": "매우 차분함"},
                        "high": {"en": "very excited", "ko": "매우 흥분됨"},
                    },
                ],
            }
        ],
    },
    "choose_and_rate": {
        "version": 1,
        "primary": "choice",
        "questions": [
            {"kind": "choose", "key": "choice", "text": {}, "ranks": 2},
            {
                "kind": "rate",
                "key": "rating",
                "text": {"en": "Rate the images you chose", "ko": "고른 이미지에 점수를 매겨 주세요"},
                "of": "chosen",
                "scales": [_SCALES["match"], _SCALES["quality"]],
            },
        ],
    },
}
