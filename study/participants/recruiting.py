"""Recruiting platforms: the ids in their links, and the link back to them."""

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from study.models import Participant, Study

# The parameters that each platform adds to the address; no others are stored.
PARAMETERS = {
    Study.Platform.PROLIFIC: ("PROLIFIC_PID", "STUDY_ID", "SESSION_ID"),
    Study.Platform.MTURK: ("workerId", "assignmentId", "hitId"),
    Study.Platform.SONA: ("survey_code",),
}
# The parameter that identifies the person.
PERSON_PARAMETER = {
    Study.Platform.PROLIFIC: "PROLIFIC_PID",
    Study.Platform.MTURK: "workerId",
    Study.Platform.SONA: "survey_code",
}
_PROLIFIC = "https://app.prolific.com/submissions/complete?"


def platform_ids(study: Study, query: Mapping[str, str]) -> dict[str, str]:
    """The ids of the study's recruiting platform in the query of an address."""
    names = PARAMETERS.get(study.recruitment_platform, ())  # type: ignore[call-overload]
    return {name: query[name][:80] for name in names if query.get(name) and query[name].isprintable()}


def find_recruited(study: Study, ids: Mapping[str, str]) -> Participant | None:
    """The participant who entered before with the same person id of the platform, or None."""
    name = PERSON_PARAMETER.get(study.recruitment_platform)  # type: ignore[call-overload]
    if not name or not ids.get(name):
        return None
    return study.participants.filter(**{f"recruitment__{name}": ids[name]}).first()


def return_url(participant: Participant) -> str:
    """The address to which a completed or screened-out participant returns; empty if the study has none.

    `{id}` in the study's return link is replaced by the platform's id of the person.
    """
    study = participant.study
    screened_out = participant.status == Participant.Status.SCREENED_OUT
    link = study.screen_out_url if screened_out else study.return_url
    code = study.screen_out_code if screened_out else study.completion_code
    if not link and study.recruitment_platform == Study.Platform.PROLIFIC and code:
        return _PROLIFIC + urlencode({"cc": code})
    name = PERSON_PARAMETER.get(study.recruitment_platform, "")  # type: ignore[call-overload]
    person = participant.recruitment.get(name, "")
    return link.replace("{id}", quote(person, safe="")).replace("%7Bid%7D", quote(person, safe=""))
