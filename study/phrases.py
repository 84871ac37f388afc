"""English words that are stored in rows and translated when they are shown: here only so that they are collected.

What is stored stays English, whoever's language it was stored in; templates say `{% translate entry.action %}`.
"""

from django.utils.translation import gettext_noop as _

CONDITIONS = (_("Redefined tags"), _("Redefined sentence"), _("Original tags"), _("Original sentence"))

SEALED_CONDITIONS = (
    _("Condition P"),
    _("Condition Q"),
    _("Condition R"),
    _("Condition S"),
    _("Condition T"),
    _("Condition U"),
    _("Condition V"),
    _("Condition W"),
    _("Condition X"),
    _("Condition Y"),
    _("Condition Z"),
)

FACTORS = (_("tags"), _("form"), _("sentence"), _("redefined"), _("original"))

LOG_ACTIONS = (
    _("created"),
    _("described"),
    _("conditions changed"),
    _("plan saved"),
    _("copied"),
    _("shared"),
    _("unshared"),
    _("archived"),
    _("restored"),
    _("early stop planned"),
    _("early stop unplanned"),
    _("opened"),
    _("paused"),
    _("resumed"),
    _("closed"),
    _("participant withdrew"),
    _("links created"),
    _("tags imported"),
    _("tags edited"),
    _("clip added"),
    _("clip left out"),
    _("clip taken back in"),
    _("clip for practice"),
    _("clip for judging"),
    _("clip deleted"),
    _("generation settings changed"),
    _("generation started"),
    _("generation cancelled"),
    _("generation stopped"),
    _("generation finished"),
    _("generation retried"),
    _("repainted"),
    _("tags decided"),
    _("images uploaded"),
    _("blinding audited"),
    _("participant left out"),
    _("participant taken back in"),
)

LOG_DETAILS = (
    _("clip"),
    _("clips"),
    _("digest"),
    _("file"),
    _("skipped"),
    _("before"),
    _("after"),
    _("keys"),
    _("fields"),
    _("links"),
    _("cap"),
    _("kind"),
    _("member"),
    _("source"),
    _("participant"),
    _("plan_digest"),
    _("run"),
    _("failed"),
    _("message"),
    _("seed_number"),
    _("choices"),
    _("settings"),
    _("passed"),
    _("fingerprint"),
    _("leaks"),
)

FLAGS = (
    _("too fast"),
    _("one position"),
    _("left tab"),
    _("script like"),
    _("attention failed"),
    _("no sound"),
)
