"""Who answers to the participants, and what is still missing before people may be asked for their consent."""

from django.utils.translation import gettext as _

from study.models import Study
from study.texts import OF_A_DEMO, ethics_sentence

# An approval is of one study: a new study takes these alone from the last one of its owner.
SAME_FOR_MANY_STUDIES = ("researcher", "institution", "contact")


def missing_names(study: Study) -> list[str]:
    """Return what the consent text cannot name yet, in words of the current language; empty if it names everything."""
    words = {
        "researcher": _("the responsible researcher"),
        "institution": _("the institution"),
        "contact": _("a contact address"),
    }
    missing = [word for name, word in words.items() if not getattr(study, name)]
    return missing if ethics_sentence(study) else [*missing, _("the ethics approval, or why there is none")]


def names_of_last_study(study: Study) -> dict[str, str]:
    """Return who answers for the owner's newest other study; nothing of its ethics approval. Empty without one."""
    nobody = ("", OF_A_DEMO["researcher"])
    others = Study.objects.filter(owner=study.owner_id).exclude(pk=study.pk).exclude(researcher__in=nobody)
    last = others.order_by("-created_at", "-pk").values(*SAME_FOR_MANY_STUDIES).first()
    return dict(last or {})
