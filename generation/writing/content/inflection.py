"""English inflections of one word, by plain rules: number, verb forms, and the forms of adjectives.

Only words of tags are inflected, and only the forms are compared, so that a rule that is too wide invents a word that
no sentence has.
"""

from __future__ import annotations

import re

_VOWEL = "aeiou"
_PLURAL_ONLY = re.compile(r"(ss|us|is|blues|brass|bass)$")


def number(word: str) -> frozenset[str]:
    """Singular and plural: "guitar", "guitars"; "echo", "echoes"; "melody", "melodies"."""
    forms = {word}
    if re.search(r"(ch|sh|x|z|ss|o)$", word):
        forms |= {f"{word}es", f"{word}s"} if word.endswith("o") else {f"{word}es"}
    elif re.search(r"[^aeiou]y$", word):
        forms.add(f"{word[:-1]}ies")
    elif not word.endswith("s"):
        forms.add(f"{word}s")
    if word.endswith("s") and not _PLURAL_ONLY.search(word) and len(word) > 3:
        forms.add(word[:-1])
        if re.search(r"(ch|sh|x|z|o)es$", word):
            forms.add(word[:-2])
        if word.endswith("ies"):
            forms.add(f"{word[:-3]}y")
    return frozenset(forms)


def verb_forms(word: str) -> frozenset[str]:
    """The forms of a verb, from its base or its form in -ing: "clap", "claps", "clapping", "clapped", "clapper"."""
    forms = {word}
    for base in _bases(word):
        forms |= number(base) | {base}
        stem = base.removesuffix("e")
        doubled = f"{base}{base[-1]}" if re.search(r"(^|[^aeiou])[aeiou][bdgmnprt]$", base) else stem
        forms |= {f"{doubled}{ending}" for ending in ("ing", "ed", "er", "ers")}
    return frozenset(forms)


def _bases(word: str) -> set[str]:
    for ending in ("ing", "ed"):
        stem = word.removesuffix(ending)
        if stem != word and len(stem) > 2 and any(letter in _VOWEL for letter in stem):
            bases = {stem, f"{stem}e"}
            if len(stem) > 3 and stem[-1] == stem[-2] and stem[-1] not in "ls":
                bases.add(stem[:-1])
            return bases
    return {word}


def adjective_forms(word: str) -> frozenset[str]:
    """The forms of an adjective: "sad", "sadly", "sadder", "saddest", "sadness"."""
    forms = {word}
    stem = word
    if re.search(r"[^aeiou]y$", word):
        stem = f"{word[:-1]}i"
    doubled = f"{word}{word[-1]}" if re.search(r"(^|[^aeiou])[aeiou][bdgmnpt]$", word) else stem.removesuffix("e")
    forms |= {f"{doubled}er", f"{doubled}est", f"{stem}ness"}
    if word.endswith("le"):
        forms.add(f"{word[:-1]}y")
    elif word.endswith("ic"):
        forms |= {f"{word}ally", f"{word}ly"}
    else:
        forms.add(f"{stem}ly")
    return frozenset(forms)


def forms_of(word: str, kind: str) -> frozenset[str]:
    """The forms in which a word of a tag of `kind` may be said.

    Instruments and voices have number, and voices are verbs too. Moods and tempi are adjectives, or participles. Genres
    and origins stay as they are: "rocks" are no rock.
    """
    if kind in ("genre", "origin"):
        return frozenset({word})
    participle = verb_forms(word) if word.endswith(("ing", "ed")) else frozenset()
    if kind == "instrument":
        return number(word) | participle
    if kind == "voice":
        return number(word) | verb_forms(word)
    if kind in ("mood", "tempo"):
        return adjective_forms(word) | number(word) | participle
    return number(word) | verb_forms(word) | adjective_forms(word)
