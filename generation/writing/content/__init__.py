"""Whether a sentence says its tags and adds no music: lists of words as data, plain rules, no model.

Tags come in and faults go out; Korean tags have their translations here.
"""

from generation.writing.content.check import find_content_faults
from generation.writing.content.faults import ContentFaults
from generation.writing.content.korean import english_of, find_korean_faults, translations_digest
from generation.writing.content.scripts import check_scripts, foreign_tags, translate_tags, unreadable
from generation.writing.content.word_lists import lists_digest

__all__ = [
    "ContentFaults",
    "check_scripts",
    "english_of",
    "find_content_faults",
    "find_korean_faults",
    "foreign_tags",
    "lists_digest",
    "translate_tags",
    "translations_digest",
    "unreadable",
]
