"""Recruiting platforms: the ids in their links, and the link back to them."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import quote, unquote, urlencode

from django.http import QueryDict

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
# Platforms whose people know their id and can type it; SONA's code is known to SONA alone.
TYPED_BY_PEOPLE = (Study.Platform.PROLIFIC, Study.Platform.MTURK)
# The spelling of the platform's own ids: Prolific's are lower-case hexadecimal, those of Mechanical Turk upper-case.
_SPELLING = {Study.Platform.PROLIFIC: str.lower, Study.Platform.MTURK: str.upper}
_PROLIFIC = "https://app.prolific.com/submissions/complete?"
MAX_LENGTH = 80
# Placeholders that were never filled: {{%PROLIFIC_PID%}}, ${workerId}, %SURVEY_CODE%, [id], <id>, the parameter's own
# name, or what a script writes for a value that it lacks. No id of a platform has such characters.
_PLACEHOLDER = re.compile(r"[{}$%<>\[\]|\"\\]")
_NO_ID = {"null", "undefined", "none", "nan", "na", "assignmentidnotavailable"}
_NO_ID |= {"prolificid", "prolificpid", "workerid", "participantid"}


class Fault(Enum):
    """Why the ids in an address identify nobody."""

    PREVIEW = "preview"  # the platform shows the study to somebody who has not accepted it, or filled nothing in
    MISSING = "missing"
    UNCLEAR = "unclear"  # two different ids, or one that cannot be read


@dataclass(frozen=True)
class Arrival:
    """What an address says of the person whom the platform sends."""

    ids: Mapping[str, str] = field(default_factory=dict)  # by parameter, in the platform's spelling
    person: str = ""  # platform and person id; unique within a study
    fault: Fault | None = None


def read_arrival(study: Study, query: QueryDict, typed: str = "") -> Arrival:
    """Read the ids of the study's recruiting platform from the query of an address.

    Args:
        typed: the person's id as they typed it, used if the address holds none.
    """
    platform = study.recruitment_platform
    names: tuple[str, ...] = PARAMETERS.get(platform, ())  # type: ignore[call-overload]
    if not names:
        return Arrival()
    ids, faults = {}, {}
    for name in names:
        values = [value for key in query if key.lower() == name.lower() for value in query.getlist(key)]
        found = _read_id(study, name, values)
        if isinstance(found, Fault):
            faults[name] = found
        else:
            ids[name] = found
    name = PERSON_PARAMETER[platform]  # type: ignore[index]
    if faults.get("assignmentId") == Fault.PREVIEW:
        return Arrival(fault=Fault.PREVIEW)
    if typed and faults.get(name) == Fault.MISSING:
        found = _read_id(study, name, [typed])
        # A placeholder that somebody typed is a mistake, no preview.
        if isinstance(found, Fault):
            return Arrival(fault=Fault.UNCLEAR)
        del faults[name]
        ids[name] = found
    if name in faults:
        return Arrival(fault=faults[name])
    return Arrival(ids, person_key(platform, ids[name]))


def _read_id(study: Study, name: str, values: list[str]) -> str | Fault:
    """The one id among the values of a parameter; what is empty or was never filled counts only if nothing else is."""
    spelled = _SPELLING.get(study.recruitment_platform, str)  # type: ignore[call-overload]
    texts = [text for text in map(_clean, values) if text]
    found = {spelled(text) for text in texts if not is_placeholder(text, name)}
    if not found:
        return Fault.PREVIEW if texts else Fault.MISSING
    only = found.pop()
    return Fault.UNCLEAR if found or len(only) > MAX_LENGTH or not only.isprintable() else only


def _clean(text: str) -> str:
    """The text without space and invisible characters around or in it, and in one Unicode form."""
    return "".join(_visible(unicodedata.normalize("NFKC", text))).strip()


def _visible(text: str) -> Iterator[str]:
    return (character for character in text if unicodedata.category(character) != "Cf")


def is_placeholder(text: str, name: str) -> bool:
    """Whether the platform has filled nothing in for the parameter `name`."""
    plain = unquote(text)
    word = re.sub(r"[\W_]", "", plain).lower()
    return bool(_PLACEHOLDER.search(plain)) or word in _NO_ID or word == name.replace("_", "").lower()


def person_key(platform: str, person: str) -> str:
    """The key of one person of a platform."""
    return f"{platform}:{person}"


def person_of(study: Study, ids: Mapping[str, str]) -> str | None:
    """The key of the person with these ids; None without the one that identifies people."""
    person = ids.get(PERSON_PARAMETER.get(study.recruitment_platform, ""))  # type: ignore[call-overload]
    return person_key(study.recruitment_platform, person) if person else None


def return_url(participant: Participant, ids: Mapping[str, str]) -> str:
    """The address to which a completed or screened-out participant returns; empty if the study has none.

    Args:
        ids: those of the participant's visit, by parameter. `{id}` in the study's return link is replaced by the one
            that identifies the person.
    """
    study = participant.study
    screened_out = participant.status == Participant.Status.SCREENED_OUT
    link = study.screen_out_url if screened_out else study.return_url
    code = study.screen_out_code if screened_out else study.completion_code
    if not link and study.recruitment_platform == Study.Platform.PROLIFIC and code:
        return prolific_return(code)
    name = PERSON_PARAMETER.get(study.recruitment_platform, "")  # type: ignore[call-overload]
    return with_id(link, ids.get(name, ""))


def prolific_return(code: str) -> str:
    """The address at Prolific that takes a code, by which a visit is handed in."""
    return _PROLIFIC + urlencode({"cc": code})


def with_id(link: str, person: str) -> str:
    """A return link with the person's id in place of `{id}`."""
    return link.replace("{id}", quote(person, safe="")).replace("%7Bid%7D", quote(person, safe=""))
