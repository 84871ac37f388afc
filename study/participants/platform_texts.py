"""What to paste into a recruiting platform: texts in the study's languages, settings, addresses and codes.

The texts say what participants read on the first page, and nothing of the study's own title, description, clips or
conditions: whoever looks at the platform must not learn more than a participant may.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from study.models import Study
from study.participants.fair_pay import Basis, Pay
from study.participants.invitation_texts import description, heading, hit_layout
from study.participants.recruiting import prolific_return
from study.texts import languages_of

Platform = Study.Platform
# Time that a platform allows for one visit: as much as this many times the expected one, so that nobody is cut off.
ALLOWED = 4
LIFETIME, APPROVAL = timedelta(days=7), timedelta(days=3)


@dataclass(frozen=True)
class Entry:
    """One thing to paste or to set: what it is called on the platform, its value, and a remark."""

    label: str
    value: str
    remark: str = ""

    @property
    def lines(self) -> int:
        return min(16, self.value.count("\n") + 1 + len(self.value) // 90)


@dataclass(frozen=True)
class Section:
    """Entries under a heading."""

    title: str
    entries: tuple[Entry, ...]


def sections_of(study: Study, address: str, basis: Basis | None, pay: Pay | None) -> list[Section]:
    """Return all that the study's platform asks for; none for a study without a platform.

    Args:
        address: the study's link with the platform's placeholders.
        basis: the expected time of a person; None if there are no clips.
    """
    minutes = round(basis.minutes) if basis else 0
    texts = [_texts_in(study, code, minutes) for code in languages_of(study)]
    settings: dict[str, tuple[Entry, ...]] = {
        Platform.PROLIFIC: tuple(_prolific(study, address, minutes, pay)),
        Platform.MTURK: tuple(_mturk(study, address, minutes, pay)),
        Platform.SONA: tuple(_sona(study, address, minutes)),
    }
    if study.recruitment_platform not in settings:
        return []
    return [*texts, Section(_("Settings"), settings[study.recruitment_platform])]


def _texts_in(study: Study, language: str, minutes: int) -> Section:
    own_name = translation.get_language_info(language)["name_local"]
    with translation.override(language):
        name, text = heading(study), description(study, minutes)
    return Section(
        _("Texts (%(language)s)") % {"language": own_name}, (Entry(_("Title"), name), Entry(_("Description"), text))
    )


def _common(study: Study, minutes: int, pay: Pay | None) -> Iterator[Entry]:
    if minutes:
        yield Entry(_("Expected time in minutes"), str(minutes))
    if pay is not None:
        yield Entry(_("Reward"), pay.shown(pay.reward), _pay_remark(study, pay))
    else:
        yield Entry(_("Reward"), "", _("State the reward in the plan, and whether it is fair is said there."))


def _pay_remark(study: Study, pay: Pay) -> str:
    currencies = {Platform.PROLIFIC: ("GBP", "USD", "EUR"), Platform.MTURK: ("USD",)}
    taken = currencies.get(study.recruitment_platform)  # type: ignore[call-overload]
    if taken and pay.currency not in taken:
        return _("The platform pays in %(taken)s: change the currency in the plan, or convert the amount.") % {
            "taken": ", ".join(taken)
        }
    return ""


def _places(study: Study, label: str) -> Entry:
    if study.target_participants:
        return Entry(label, str(study.target_participants))
    return Entry(label, "", _("The plan has no target number of participants."))


def _code(label: str, value: str, missing: str) -> Entry:
    return Entry(label, value, "" if value else missing)


NO_CODE = gettext_lazy("Write one into the plan, and the same into the platform.")
NO_SCREEN_OUT_CODE = gettext_lazy("Only needed if a question screens people out: write one into the plan.")


def _prolific(study: Study, address: str, minutes: int, pay: Pay | None) -> Iterator[Entry]:
    yield Entry(_("Study URL"), address)
    yield Entry(_("How to record Prolific IDs"), "URL parameters", _("Choose this; the address has them already."))
    yield from _common(study, minutes, pay)
    yield _places(study, _("Participants"))
    yield Entry(_("Devices"), "Mobile, Tablet, Desktop")
    yield Entry(_("Device requirements"), "Audio")
    code = study.completion_code
    yield _code(_("Completion code"), code, str(NO_CODE))
    if code:
        yield Entry(_("Completion URL"), prolific_return(code), _("The last page leads there by itself."))
    yield Entry(_("Action for the completion code"), "Manually review", _("What is paid follows the page Payment."))
    yield _code(_("Screen-out code"), study.screen_out_code, str(NO_SCREEN_OUT_CODE))


def _mturk(study: Study, address: str, minutes: int, pay: Pay | None) -> Iterator[Entry]:
    yield Entry(_("Kind of project"), "Survey Link")
    yield Entry(_("Keywords"), "music, images, survey, listening, research")
    yield from _common(study, minutes, pay)
    yield _places(study, _("Respondents (assignments for the HIT)"))
    if minutes:
        yield Entry(_("Time allotted per Worker in minutes"), str(max(30, ALLOWED * minutes)))
    yield Entry(_("Survey expires in days"), str(LIFETIME.days))
    yield Entry(
        _("Auto-approve and pay Workers in days"),
        str(APPROVAL.days),
        _("Until then, compare with the page Payment."),
    )
    yield Entry(
        _("Qualifications"),
        "HIT Approval Rate (%) for all Requesters' HITs greater than or equal to 97\n"
        "Number of HITs Approved greater than or equal to 100",
        _("A suggestion. Add locations whose people read the languages of the study."),
    )
    yield _code(_("Completion code"), study.completion_code, str(NO_CODE))
    yield _code(_("Screen-out code"), study.screen_out_code, str(NO_SCREEN_OUT_CODE))
    yield Entry(_("Design layout"), hit_layout(study, address, minutes), _("In place of all that the editor shows."))


def _sona(study: Study, address: str, minutes: int) -> Iterator[Entry]:
    yield Entry(_("Kind of study"), "Online External Study")
    yield Entry(_("Study URL"), address, _("SONA puts the code of the person in place of %SURVEY_CODE%."))
    if minutes:
        yield Entry(_("Duration in minutes"), str(minutes))
    yield _places(study, _("Number of places (timeslots)"))
    yield Entry(
        _("Completion URL (client-side)"),
        study.return_url,
        ""
        if "{id}" in study.return_url
        else _("Copy it from SONA into the plan as the return link, with {id} in place of XXXX: it grants the credit."),
    )
