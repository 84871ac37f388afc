"""Tag redefinition: rules as data, applied to one clip or to a whole file, each change explained."""

from generation.redefinition.clip import Change, Contested, Redefinition, redefine
from generation.redefinition.errors import RedefinitionError, RuleError, TagTableError
from generation.redefinition.evidence import VoiceThresholds
from generation.redefinition.rule_files import DEFAULT_RULES, SHIPPED, load_rules
from generation.redefinition.rule_set import RuleSet
from generation.redefinition.vocabulary import kind_of, prompt_word

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
