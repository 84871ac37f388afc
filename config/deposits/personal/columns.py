"""What a column is by its name: made by the system, people's own words, or an answer that others may know."""

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Protocol


class Role(StrEnum):
    """What the cells of a column are to somebody who looks for a person."""

    CODE = "code of a person"
    MACHINE = "made by the system: no person wrote it, and nobody outside knows it"
    WORDS = "people's own words"
    KNOWN = "a fact about a person that others may know"
    OPINION = "an answer that others do not know"


PARTICIPANT = "participant"
_MACHINE = re.compile(
    r"clip|first|second|repeat|trial|position_first|position_second|excluded|none_fits|order|seconds"
    r"|listened_seconds|knows_piece|flags|nonce|digest|settings_digest|status|question|condition|position|left"
    r"|right|chosen|tie|own|images_missing|images_sent|sound_sent_after|stage|study_version|slot"
    r"|headphones_right|headphones_passed|sound_heard|sha256|size|file|path|image|width|height|prompt"
    r"|prompt_tags|prompt_sentence|tags|original_tags|redefined_tags|seed|licence|media_type|role|column"
    r"|meaning|unit|values|minimum|maximum|kind|painter|practice|heard_from|heard_to|sound|painting"
)
_KNOWN = ("language", "consent_language", "device", "started_at", "completed_at")
_RANKS = re.compile(r"(rank|position|shown|image)_\d+")
# Parts of names of personal columns; a clip has a name, too, so tables of people alone are asked.
_SMELLS = re.compile(
    r"name|firstname|lastname|surname|fullname|nickname|username|email|mail|phone|telephone|tel|mobile|cell|contact"
    r"|birth|birthday|birthdate|dob|born|address|street|city|town|zip|zipcode|postcode|postal|ip|prolific"
    r"|worker|mturk|pid|sona|orcid|passport|ssn|iban|account|student|matrikel|employer|company|school"
    r"|university|workplace|facebook|instagram|twitter|kakao|handle|url|website|latitude|longitude|lat|lon|lng"
    r"|gps|location|useragent|cookie|session|token|password|이름|성명|성함|실명|닉네임|별명"
    r"|이메일|메일|전화|전화번호|휴대폰|연락처|생년월일|생일|출생|주소|거주지"
    r"|우편번호|시군구|학번|사번|주민번호|주민등록번호|여권|계좌|계좌번호|학교"
    r"|대학|직장|회사|소속|카톡|카카오|인스타|아이디|위치|위도|경도"
)
_SMELLING_PAIRS = re.compile(
    r"user_?agent|worker_?id|student_?(no|number|id)|user_?id|participant_?id|session_?id|date_of_birth|zip_?code|"
    r"last_?name|first_?name|phone_?number"
)
_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[가-힣]+")
_ASKED = re.compile(r"(before|after)_")


def role_of(column: str) -> Role | None:
    """The role of a column of Earsight's tables by its name; None of one that nobody knows."""
    if column == PARTICIPANT:
        return Role.CODE
    if _MACHINE.fullmatch(column) or _RANKS.fullmatch(column):
        return Role.MACHINE
    if column in ("reason", "exclusion_reason"):
        return Role.WORDS
    return Role.KNOWN if column in _KNOWN else None


def smells(column: str) -> str:
    """The part of a column's name that is the name of something personal; empty if there is none."""
    plain = _ASKED.sub("", column)
    if pair := _SMELLING_PAIRS.search(plain.lower()):
        return pair.group()
    parts = (part.lower() for part in _PARTS.findall(plain))
    return next((part for part in parts if _SMELLS.fullmatch(part) or _is_smelling_korean(part)), "")


def _is_smelling_korean(part: str) -> bool:
    return any(
        part.startswith(word) for word in ("이름", "전화", "연락처", "생년", "주소", "학번", "이메일", "주민", "휴대")
    )


class _Answers(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> str: ...


def roles_of(
    columns: Iterable[_Answers], tables: Iterable[str] = ("participants.csv", "ballots.csv")
) -> dict[str, Role]:
    """What people's answers are, by "table:column": ratings are known to nobody, the other answers perhaps to many."""
    roles = {"text": Role.WORDS, "scale": Role.OPINION}
    asked = [column for column in columns if role_of(column.name) is None]
    return {f"{table}:{column.name}": roles.get(column.kind, Role.KNOWN) for table in tables for column in asked}
