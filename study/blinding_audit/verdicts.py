"""The audits of a study as it is now, and their verdicts."""

import hashlib
import json

from study.models import BlindingAudit, Stimulus, Study
from study.texts import RESPONSIBLE

ACTION = "blinding audited"
VERDICTS = (BlindingAudit.State.PASSED, BlindingAudit.State.LEAKS)
# Settings that change what the pages show.
SHOWN = (
    "languages",
    "question",
    "consent_text",
    "instructions",
    "questions_before",
    "questions_after",
    "trials_per_participant",
    "second_choice_required",
    "allow_none_fits",
    "ask_reason",
    "ask_familiarity",
    "practice_trial",
    "sound_check",
    "headphone_check",
    "repeats",
    "match_controls",
    "attention_trials",
    "feedback",
    "images_lossless",
    "seed",
)
SHOWN_IF_SET = (*RESPONSIBLE, "screen_out_text", "instrument")


def fingerprint(study: Study) -> str:
    """Return a digest of everything that participants are shown."""
    settings = {name: getattr(study, name) for name in SHOWN}
    # Absent without an answer, as in the fingerprints of earlier versions.
    settings |= {name: value for name in SHOWN_IF_SET if (value := getattr(study, name))}
    images = Stimulus.objects.filter(clip__study=study, clip__included=True).order_by("pk")
    columns = (
        "pk",
        "condition",
        "image",
        "image_digest",
        "clip",
        "clip__number",
        "clip__survey_audio",
        "clip__is_practice",
    )
    shown = {"images": list(images.values_list(*columns)), "settings": settings}
    return hashlib.sha256(json.dumps(shown, sort_keys=True, default=str).encode()).hexdigest()[:32]


def last_verdict(study: Study) -> BlindingAudit | None:
    """Return the last finished audit of the study as it is now, or None."""
    return study.blinding_audits.filter(fingerprint=fingerprint(study), state__in=VERDICTS).order_by("-pk").first()


def last_audits(study: Study) -> tuple[BlindingAudit | None, BlindingAudit | None]:
    """Return the last audit of the study as it is now, finished or not, and the last one with a verdict."""
    # By their numbers: clocks may be set back.
    audits = list(study.blinding_audits.filter(fingerprint=fingerprint(study)).order_by("-pk")[:20])
    return next(iter(audits), None), next((audit for audit in audits if audit.state in VERDICTS), None)
