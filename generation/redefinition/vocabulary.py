"""The kind of thing that a tag names, and its natural word in a prompt (data: vocabulary.yaml)."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Literal, get_args

import yaml

from generation.redefinition.errors import RuleError
from generation.redefinition.spelling import normalise

Kind = Literal["instrument", "voice", "genre", "mood", "tempo", "origin", "other"]
KINDS: tuple[Kind, ...] = get_args(Kind)
VOCABULARY_FILE = Path(__file__).with_name("vocabulary.yaml")


@cache
def _kinds() -> dict[str, Kind]:
    kinds: dict[str, Kind] = {}
    for kind, tags in _data()["kinds"].items():
        if kind not in KINDS:
            raise RuleError(f"{VOCABULARY_FILE.name}: unknown kind {kind!r}; use one of {', '.join(KINDS)}.")
        for tag in tags:
            if tag in kinds:
                raise RuleError(f"{VOCABULARY_FILE.name}: {tag!r} is listed under {kinds[tag]} and {kind}.")
            kinds[tag] = kind
    return kinds


@cache
def _data() -> dict[str, dict]:
    return yaml.safe_load(VOCABULARY_FILE.read_text(encoding="utf-8"))


@cache
def digest() -> str:
    """The SHA-256 of the vocabulary's file."""
    return hashlib.sha256(VOCABULARY_FILE.read_bytes()).hexdigest()


@cache
def known_tags() -> frozenset[str]:
    """Every tag of the vocabulary, normalised."""
    return frozenset(_kinds())


def other_heads() -> frozenset[str]:
    """Compounds that are no special case of the tag that they end in: a bass guitar is no guitar."""
    return frozenset(_data()["other_heads"])


def kind_of(tag: str) -> Kind:
    """The kind of `tag` in any case or spacing; "other" for a tag outside the vocabulary."""
    return _kinds().get(normalise(tag), "other")


def prompt_word(tag: str) -> str:
    """The natural word for `tag` in a prompt; the normalised tag if none is recorded."""
    name = normalise(tag)
    return _data()["words"].get(name, name)
