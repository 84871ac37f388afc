"""What participants read above a question that has no text of its own."""

from django.utils.translation import gettext as _

from study.instruments.questions import Confidence, Pair, Pick, Question, Rate, Text


def shipped_title(question: Question) -> str:
    """Return what participants read above a question without a text of its own; empty for a choice."""
    match question:
        case Pair():
            return _("Which image fits this music better?")
        case Rate(of="music"):
            return _("How is the music?")
        case Rate(of="chosen"):
            return _("Rate the images you chose")
        case Rate():
            return _("Rate each image")
        case Pick(of="music"):
            return _("What fits the music?")
        case Pick():
            return _("What fits each image?")
        case Confidence():
            return _("How sure are you?")
        case Text():
            return _("Why? One line is enough.")
    return ""
