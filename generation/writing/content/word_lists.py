"""The lists by which sentences and tags are compared (data: words.yaml), read once and checked."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

WORDS_FILE = Path(__file__).with_name("words.yaml")


class WordLists(BaseModel):
    """The lists of words.yaml, which explains each."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    same: tuple[tuple[str, ...], ...]
    said_by: dict[str, tuple[str, ...]]
    only_as: dict[str, tuple[str, ...]]
    homonyms: frozenset[str]
    places: frozenset[str]
    general: dict[str, tuple[str, ...]]
    generic: frozenset[str]
    everyday: frozenset[str]
    not_music: tuple[str, ...]
    music_nouns: frozenset[str]
    more: dict[str, tuple[str, ...]]


@cache
def word_lists() -> WordLists:
    """The shipped lists."""
    return WordLists.model_validate(yaml.safe_load(WORDS_FILE.read_text(encoding="utf-8")))


@cache
def lists_digest() -> str:
    """SHA-256 of the lists: with other lists, sentences are checked again."""
    return hashlib.sha256(WORDS_FILE.read_bytes()).hexdigest()
