"""Korean particles: which form follows a word depends on the last sound of the word.

Texts with names or numbers in them are translated with both forms, as in `%(name)s을(를)`; `with_particles` leaves the
right one in the finished text.
"""

import re

# Pair in the text → (after a final consonant, after a vowel). After ㄹ, "(으)로" is "로".
_PAIRS = {
    "을(를)": ("을", "를"),
    "은(는)": ("은", "는"),
    "이(가)": ("이", "가"),
    "와(과)": ("과", "와"),
    "과(와)": ("과", "와"),
    "(으)로": ("으로", "로"),
    "(이)나": ("이나", "나"),
    "(이)라": ("이라", "라"),
}
_PAIR = re.compile("|".join(map(re.escape, _PAIRS)))
# What may follow the word: closing quotation marks and brackets, an HTML end tag or entity, a remark in brackets.
_AFTER_WORD = re.compile(r"""(?:["'”’»\]\\]|</\w+>|&quot;|&\#x27;|\([^()]*\))+$""")
_WORD = re.compile(r"[A-Za-z]+$")
_RIEUL = 8  # the number of the final consonant ㄹ within a Hangul syllable
_OTHER = 1  # any other final consonant
# Final consonants of 영 일 이 삼 사 오 육 칠 팔 구; numbers that end in 0 end in 십, 백, 천, 만: the same sound class.
_DIGITS = dict(zip("0123456789", (_OTHER, _RIEUL, 0, _OTHER, 0, 0, _OTHER, _RIEUL, _RIEUL, 0), strict=True))
# Names of letters that end in a consonant: 엘, 엠, 엔, 알.
_LETTERS = {"l": _RIEUL, "m": _OTHER, "n": _OTHER, "r": _RIEUL}
_SIGNS = {"%": 0}  # 퍼센트
_ENGLISH = [  # how the end of an English word is written in Hangul; the first that fits
    (re.compile(r"(l|le)$"), _RIEUL),  # 모델, 테이블
    (re.compile(r"(m|n|ng|[aeiou]me|[aeiou]ne)$"), _OTHER),  # 리듬, 톤, 송, 네임
    (re.compile(r"(^|[^aeiou])[aeiou](p|t|k|c|ck)$"), _OTHER),  # 팝, 캣, 뮤직; but 비트 for beat
]


def with_particles(text: str) -> str:
    """The text with each pair as `을(를)` replaced by the form that fits; left as it is after an unknown sound."""
    parts, start = [], 0
    for found in _PAIR.finditer(text):
        parts.append(text[start : found.start()])
        final = final_consonant("".join(parts)[-80:])
        after_consonant, after_vowel = _PAIRS[found[0]]
        if final is None:
            parts.append(found[0])
        elif not final or (final == _RIEUL and found[0] == "(으)로"):
            parts.append(after_vowel)
        else:
            parts.append(after_consonant)
        start = found.end()
    return "".join([*parts, text[start:]])


def final_consonant(text: str) -> int | None:
    """The final consonant of the last word: 0 for none, 8 for ㄹ, another number for others; None if unknown."""
    text = _AFTER_WORD.sub("", text) or text
    last = text[-1:]
    if "가" <= last <= "힣":
        return (ord(last) - ord("가")) % 28
    if last in _DIGITS or last in _SIGNS:
        return _DIGITS.get(last, _SIGNS.get(last))
    word = _WORD.search(text)
    if not word:
        return None
    if len(word[0]) == 1 or word[0].isupper():  # read letter by letter
        return _LETTERS.get(word[0][-1].lower(), 0)
    return next((final for pattern, final in _ENGLISH if pattern.search(word[0].lower())), 0)
