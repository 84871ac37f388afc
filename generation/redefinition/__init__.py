"""Redefine tags by rules that are data: one clip or a whole file, each change with its reason.

Imports no other room. Doors: the names below; for files `tag_files`, `voice_files` and `table`; for prompts `prompts`;
for the researcher's decisions `decisions`.
"""

from generation.redefinition.clip import Change, Contested, Redefinition, redefine
from generation.redefinition.errors import RedefinitionError, RuleError, TagTableError
from generation.redefinition.rules.rule_files import DEFAULT_RULES, SHIPPED, load_rules
from generation.redefinition.rules.rule_set import RuleSet
from generation.redefinition.vocabulary import kind_of, prompt_word
from generation.redefinition.voice_evidence import VoiceThresholds

__all__ = [
    "DEFAULT_RULES",
    "SHIPPED",
    "Change",
    "Contested",
    "Redefinition",
    "RedefinitionError",
    "RuleError",
    "RuleSet",
    "TagTableError",
    "VoiceThresholds",
    "kind_of",
    "load_rules",
    "prompt_word",
    "redefine",
]
