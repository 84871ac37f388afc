"""Recruiting platforms: the ids they send along, and the way back to them."""

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from study.models import Participant, Study

# What each platform puts into the address; nothing else of an address is kept.
PARAMETERS = {
    Study.Platform.PROLIFIC: ("PROLIFIC_PID", "STUDY_ID", "SESSION_ID"),
    Study.Platform.MTURK: ("workerId", "assignmentId", "hitId"),
    Study.Platform.SONA: ("survey_code",),
}
# Which of them names the person, so that coming a second time finds the first.
PERSON = {
    Study.Platform.PROLIFIC: "PROLIFIC_PID",
    Study.Platform.MTURK: "workerId",
    Study.Platform.SONA: "survey_code",
}
_PROLIFIC = "https://app.prolific.com/submissions/complete?"


def ids_from(study: Study, query: Mapping[str, str]) -> dict[str, str]:
    """The platform's ids in an address, where the study recruits through that platform."""
    names = PARAMETERS.get(study.recruitment_platform, ())  # type: ignore[call-overload]
    return {name: query[name][:80] for name in names if query.get(name) and query[name].isprintable()}


def known_person(study: Study, ids: Mapping[str, str]) -> Participant | None:
    """Somebody who came before under the same id of the platform."""
    name = PERSON.get(study.recruitment_platform)  # type: ignore[call-overload]
    if not name or not ids.get(name):
        return None
    return study.participants.filter(**{f"recruitment__{name}": ids[name]}).first()


def way_back(participant: Participant) -> str:
    """Where a person goes when all is stored (or who is screened out, at once); empty where there is none.

    `{id}` in a return link stands for the platform's id of the person.
    """
    study = participant.study
    out = participant.status == Participant.Status.SCREENED_OUT
    link = study.screen_out_url if out else study.return_url
    code = study.screen_out_code if out else study.completion_code
    if not link and study.recruitment_platform == Study.Platform.PROLIFIC and code:
        return _PROLIFIC + urlencode({"cc": code})
    name = PERSON.get(study.recruitment_platform, "")  # type: ignore[call-overload]
    person = participant.recruitment.get(name, "")
    return link.replace("{id}", quote(person, safe="")).replace("%7Bid%7D", quote(person, safe=""))
