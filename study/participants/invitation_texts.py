"""What people read on a recruiting platform before they come: a description, and Mechanical Turk's page.

It says what the first page of the survey says, and nothing of the study's own title, description, clips or conditions.
"""

from html import escape

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from study.design import Design
from study.instruments.of_study import instrument_of
from study.models import Participant, Study
from study.participants.asked_of_design import asked_of_design
from study.participants.enrolment import design_of, main_clips
from study.texts import languages_of

NAME_OF_CODE = "surveycode"


def description(study: Study, minutes: int) -> str:
    """What people read before they come, in the current language: what they do, how long, with which devices."""
    clips = main_clips(study).count()
    design = design_of(study, Participant.Kind.REAL, clips) if clips else None
    lines = []
    if design:
        lines.append(task(study, design))
    if minutes:
        lines.append(
            ngettext("It takes about %(n)d minute.", "It takes about %(n)d minutes.", minutes) % {"n": minutes}
        )
    lines.append(_("You need sound: headphones or a quiet room are best. Any phone, tablet or computer will do."))
    if study.headphone_check:
        lines.append(_("A few short sounds test your headphones; nobody is sent away by them."))
    lines.append(_("You can stop at any time."))
    if study.institution:
        lines.append(_("Responsible: %(who)s.") % {"who": study.institution})
    return "\n".join(lines)


def task(study: Study, design: Design) -> str:
    """What people do in the trials, in a sentence."""
    asked = asked_of_design(study, design.conditions)
    if asked.pairs_per_clip:
        text = ngettext(
            "You will hear %(n)s short piece of music and choose, from two images, the one that fits better.",
            "You will hear a short piece of music %(n)s times and choose each time, from two images, the one that fits "
            "better.",
            design.trials,
        )
    elif not asked.can_match:
        text = ngettext(
            "You will hear %(n)s short piece of music and answer questions about %(images)s images.",
            "You will hear %(n)s short pieces of music and answer questions about %(images)s images each time.",
            design.trials,
        )
    else:
        text = ngettext(
            "You will hear %(n)s short piece of music and choose, from %(images)s images, the ones that fit best.",
            "You will hear %(n)s short pieces of music and choose, from %(images)s images each time, the ones that fit "
            "best.",
            design.trials,
        )
    return text % {"n": design.trials, "images": design.shown}


def heading(study: Study) -> str:
    """The heading under which people are asked to take part."""
    instrument = instrument_of(study)
    if instrument.choose is None and instrument.pair is None:
        return _("Music and images")
    return _("Which images fit the music?")


def hit_layout(study: Study, address: str, minutes: int) -> str:
    """The HTML of a Survey Link project, in the study's first language: the text, the link, a field for the code."""
    with translation.override(languages_of(study)[0]):
        paragraphs = "\n".join(f"  <p>{escape(line)}</p>" for line in description(study, minutes).split("\n"))
        where = _("Open the study in a new window, and leave this one open:")
        what = _("At the end you get a code. Write it here and submit:")
        title, placeholder = heading(study), _("Code from the last page")
    return f"""<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>
<crowd-form answer-format="flatten-objects">
  <h3>{escape(title)}</h3>
{paragraphs}
  <p>{escape(where)} <a href="{escape(address)}" target="_blank" rel="noopener">{escape(address)}</a></p>
  <p>{escape(what)}</p>
  <crowd-input name="{NAME_OF_CODE}" placeholder="{escape(placeholder)}" required></crowd-input>
</crowd-form>
"""
