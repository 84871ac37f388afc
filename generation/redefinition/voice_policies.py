"""The two policies for the tags that affirm and deny a voice."""

import numpy as np

from generation.redefinition.columns import Columns, Effect, Recorder, remove_tags
from generation.redefinition.rules.rule_set import RuleStep
from generation.redefinition.rules.schema import VoicePolicy
from generation.redefinition.voice_evidence import TableEvidence, VoiceThresholds


def apply_blanket_policy(
    columns: Columns, step: RuleStep, rule: VoicePolicy, evidence: TableEvidence, record: Recorder
) -> np.ndarray:
    """Apply the original study's policy: a clip in doubt has no voice, unless the detector found any at all.

    Returns the clips that the policy changed, (n,) bool.
    """
    heard, denied = columns.get(rule.heard), columns.get(rule.denied)
    both = heard & denied
    silent = ~(heard | denied | columns.any_of(rule.also_heard))
    found = evidence.share > 0  # False for NaN: without evidence a clip in doubt has no voice
    for tag, rows, why in (
        (rule.denied, both & found, "the detector found a voice"),
        (rule.heard, both & ~found, rule.why),
    ):
        if rows.any():
            columns.remove(tag, rows)
            record(Effect(step, "removed", tag, (), rows, why, contested=True, by_evidence=True))
    doubtful = columns.any_of(rule.review_beside)
    for tag, rows, why, contested in (
        (rule.heard, silent & found, "the detector found a voice", False),
        (rule.denied, silent & ~found & ~doubtful, rule.why, False),
        (rule.denied, silent & ~found & doubtful, f"{rule.why}, also beside a word for a voice", True),
    ):
        if rows.any():
            columns.add(tag, rows)
            record(Effect(step, "added", tag, (), rows, why, contested, by_evidence=True))
    return both | silent


def apply_evidence_policy(
    columns: Columns,
    step: RuleStep,
    rule: VoicePolicy,
    evidence: TableEvidence,
    thresholds: VoiceThresholds,
    record: Recorder,
) -> np.ndarray:
    """Keep the tags that people gave; add a tag by evidence if they gave none; list disagreements as contested.

    The tagger can confirm or cancel the voice detector's verdict, but never adds a tag on its own. Returns the
    clips with tags that the policy changed, (n,) bool.
    """
    heard = columns.get(rule.heard) | columns.any_of(rule.also_heard)
    denied = columns.get(rule.denied)
    both, silent = heard & denied, ~(heard | denied)
    detector, tagger = evidence.detector_verdict(thresholds), evidence.tagger_verdict(thresholds)
    verdict = np.sign(detector + tagger)

    remove_tags(columns, step, (rule.denied,), both, record, contested=True)
    for tags, rows, why in (
        (
            (rule.heard, *rule.also_heard),
            heard & ~denied & (verdict < 0),
            "people heard a voice, the detectors found none; what people said stands",
        ),
        (
            (rule.denied,),
            denied & ~heard & (verdict > 0),
            "people heard no voice, the detectors found one; what people said stands",
        ),
    ):
        for tag in tags:
            kept = columns.get(tag) & rows
            if kept.any():
                record(Effect(step, "kept", tag, (), kept, why, contested=True, by_evidence=True))

    added = np.zeros(columns.n, dtype=bool)
    for tag, needed, why in (
        (rule.heard, 1, "people said nothing of a voice; the voice detector found one"),
        (rule.denied, -1, "people said nothing of a voice; the voice detector found none"),
    ):
        rows = silent & (detector == needed) & (verdict == needed)
        if rows.any():
            columns.add(tag, rows)
            record(Effect(step, "added", tag, (), rows, why, by_evidence=True))
            added |= rows
    return both | added
