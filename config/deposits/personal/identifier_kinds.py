"""The kinds of identifiers: how each is written, and what makes it one."""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext_noop

from config.deposits.personal.check_digits import (
    is_card,
    is_chinese_resident_number,
    is_iban,
    is_mod_11_2,
    is_resident_number,
)

_NOT_DIGITS = re.compile(r"\D")


@dataclass(frozen=True)
class Kind:
    """A kind of identifier: its name with an article, how it looks, and what makes it one.

    `anywhere`: whether it is one in what a machine wrote, too. `needs`: parts of which a text in lower case has one, or
    the pattern need not be tried; none: a digit.
    """

    name: str
    pattern: re.Pattern[str]
    is_one: Callable[[str], bool] = lambda _value: True
    anywhere: bool = True
    needs: tuple[str, ...] = ()


def _digits(value: str) -> str:
    return _NOT_DIGITS.sub("", value)


def _is_far_address(value: str) -> bool:
    try:
        address = ipaddress.ip_address(value.strip("[]"))
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified)


def _is_place(value: str) -> bool:
    latitude, longitude = (float(part) for part in re.findall(r"-?\d+\.\d+", value)[:2])
    return abs(latitude) <= 90 and abs(longitude) <= 180 and max(abs(latitude), abs(longitude)) >= 10


def _is_mixed(value: str) -> bool:
    return any(map(str.isdigit, value)) and any(map(str.isalpha, value))


_NETWORKS = (
    r"(?:facebook|fb|instagram|twitter|x|threads|tiktok|vk|weibo|linkedin|soundcloud|bsky|pinterest|reddit|twitch)"
)
_MARKS_OF_KEYS = (
    *("earsight_", "eyj", "sk-", "pk-", "hf_", "gh", "xox", "akia", "sess", "csrf", "token", "key", "bearer"),
    *("password", "비밀번호"),
)
_NAMES_OF_NETWORKS = (
    *("kakao", "insta", "telegram", "discord", "wechat", "snapchat", "line", "skype"),
    *("카카오톡", "카톡", "인스타", "텔레그램", "디스코드", "라인", "네이버"),
)
_I = re.IGNORECASE
_BIRTH = (
    r"(?:(?<![a-z])born|(?<![a-z])birth|d\.?o\.?b\.?(?![a-z])|생년월일|생일|출생|태어|생년|geboren|né[e]? le|nacid[oa])"
)
_WORDS_OF_BIRTH = ("born", "birth", "생", "dob", "d.o.b", "출생", "태어", "geboren", "né", "nacid")
_DATE = r"(?:\d{2,4}\s?[-./년]\s?\d{1,2}\s?[-./월]\s?\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{2,4})"
_WORDS_OF_DATE = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"

PHONE = gettext_noop("a phone number")
KINDS = (
    Kind(
        gettext_noop("an e-mail address"),
        re.compile(
            r"(?<![\w.+%-])[\w.+%-]{1,64}\s?(?:@|\s(?:\(at\)|\[at\]|골뱅이)\s?|\((?:at)\)|\[at\]|골뱅이)\s?[\w-]+"
            r"(?:\s?(?:\.|\(dot\)|\[dot\]|\s점\s)\s?[\w-]+)*\s?(?:\.|\(dot\)|\[dot\]|\s점\s)\s?[a-z]{2,12}(?![\w-])",
            _I,
        ),
        needs=("@", "(at)", "[at]", "골뱅이"),
    ),
    Kind(
        PHONE,  # in words; those in digits: phones.py
        re.compile(r"[공영]\s?일\s?[공영](?:[\s-]?[공영일이삼사오육칠팔구]){7,8}"),
        needs=("공", "영"),
    ),
    Kind(
        gettext_noop("an account on a network"),
        re.compile(
            rf"(?<![\w.@/+-])@[a-z_][\w.]{{2,29}}|(?<![a-z])(?:{'|'.join(_NAMES_OF_NETWORKS)})(?:talk|gram|그램)?\s?(?:id|아이디|handle|계정|name)?\s?[:=은는]\s?"
            r"(?P<who>[\w.#-]{3,})",
            _I,
        ),
        anywhere=False,
        needs=("@", *_NAMES_OF_NETWORKS),
    ),
    Kind(
        gettext_noop("the web address of a profile"),
        re.compile(
            rf"(?<![\w-])(?:www\.|m\.|\w\w\.)?{_NETWORKS}\.(?:com|net|app)/(?!(?:share|intent|hashtag)\b)[\w.@/%-]{{2,}}"
            r"|(?<![\w-])(?:t\.me|open\.kakao\.com/[a-z]+|blog\.naver\.com|youtube\.com/(?:@|c/|channel/))[/\w.@%-]+"
            r"|github\.com/[\w-]+/?(?![\w/-])|https?://[^\s/]+/~[\w.-]+",
            _I,
        ),
        needs=(".com/", ".net/", ".app/", "t.me/", "/~"),
    ),
    Kind(
        gettext_noop("a web address"),
        re.compile(r"(?:https?://|www\.)(?!(?:dx\.)?doi\.org)[^\s<>\"']{4,}", _I),
        anywhere=False,
        needs=("http", "www."),
    ),
    Kind(
        gettext_noop("a resident number"),
        re.compile(r"(?<![\d.-])\d{6}\s?[-–]\s?\d{7}(?![\d-])"),
        lambda value: is_resident_number(_digits(value), stated=True),
    ),
    Kind(
        gettext_noop("a resident number"),
        re.compile(r"(?<![\w.-])\d{13}(?![\w.-])"),
        lambda value: is_resident_number(value, stated=False),
        anywhere=False,
    ),
    Kind(gettext_noop("a resident number"), re.compile(r"(?<![\w.])\d{17}[\dX](?!\w)"), is_chinese_resident_number),
    Kind(
        gettext_noop("a resident number"),
        re.compile(r"(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d\d-(?!0000)\d{4}(?![\w-])"),
        anywhere=False,
    ),
    Kind(
        gettext_noop("a passport or licence number"),
        re.compile(
            r"(?:passport|여권|driver'?s licen[cs]e|운전면허)\D{0,20}(?P<who>[A-Z]{0,2}[\dA-Z-]*\d{4}[\dA-Z-]*)"
            r"|P<[A-Z]{3}[A-Z<]{10,}",
            _I,
        ),
        needs=("passport", "여권", "driver", "운전면허", "p<"),
    ),
    Kind(
        gettext_noop("a passport or licence number"),
        re.compile(r"(?<![\w-])(?:[MSROD]\d{8}|M\d{3}[A-Z]\d{4}|\d\d-\d\d-\d{6}-\d\d)(?![\w-])"),
        anywhere=False,
    ),
    Kind(
        gettext_noop("the number of a payment card"),
        re.compile(
            r"(?<![\d.-])\d{4}([ -])\d{4}\1\d{4}\1\d{4}(?![\d-])|(?<![\d.-])3[47]\d\d([ -])\d{6}\2\d{5}(?![\d-])"
        ),
        lambda value: is_card(_digits(value)),
    ),
    Kind(
        gettext_noop("the number of a payment card"),
        re.compile(r"(?<![\w.-])\d{14,16}(?![\w.-])"),
        is_card,
        anywhere=False,
    ),
    Kind(
        gettext_noop("a bank account"),
        re.compile(r"(?<!\w)[A-Z]{2}\d\d(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?(?!\w)"),
        is_iban,
    ),
    Kind(
        gettext_noop("a bank account"),
        re.compile(
            r"(?:은행|뱅크|계좌|농협|신협|국민|신한|bank account|account (?:no|number))\D{0,15}(?P<who>\d[\d-]{8,}\d)",
            _I,
        ),
        needs=("은행", "뱅크", "계좌", "농협", "신협", "국민", "신한", "account"),
    ),
    Kind(
        gettext_noop("an address in the internet"),
        re.compile(r"(?<![\w.-])(?<!version )(?:\d{1,3}\.){3}\d{1,3}(?![\w.-]*\w)"),
        _is_far_address,
    ),
    Kind(
        gettext_noop("an address in the internet"),
        re.compile(r"(?<![\w:.])(?:[0-9a-f]{1,4}:){1,7}(?::?[0-9a-f]{1,4}){1,7}(?![\w:])", _I),
        lambda value: value.count(":") >= 3 and _is_far_address(value),
        needs=(":",),
    ),
    Kind(
        gettext_noop("the address of a device"),
        re.compile(
            r"(?<![\w:-])(?:[0-9a-f]{2}:){5}[0-9a-f]{2}(?![\w:-])|(?<![\w-])(?=[\d-]*[a-f])(?:[0-9a-f]{2}-){5}[0-9a-f]{2}(?![\w-])",
            _I,
        ),
        needs=(":", "-"),
    ),
    Kind(
        gettext_noop("an ORCID"),
        re.compile(r"(?<![\w-])\d{4}-\d{4}-\d{4}-\d{3}[\dX](?![\w-])"),
        lambda value: value.startswith("000") and is_mod_11_2(value.replace("-", "")),
    ),
    Kind(
        gettext_noop("an id of a recruiting platform"),
        re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{24}(?![0-9A-Za-z])"),
        _is_mixed,
    ),
    Kind(
        gettext_noop("an id of a recruiting platform"),
        re.compile(r"(?<![\w-])(?:A(?=[A-Z]*\d)[A-Z0-9]{12,20}|3(?=[\dA-Z]*[A-Z])[A-Z0-9]{29})(?![\w-])"),
        lambda value: sum(map(str.isdigit, value)) >= 2,
    ),
    Kind(
        gettext_noop("an id of a recruiting platform"),
        re.compile(
            r"(?:prolific_?pid|prolific(?: id)?"
            r"|worker_?id|worker id|assignment_?id|survey_code|sona(?: id)?|participant_?id"
            r"|session_id|study_id)\s?[:=#]\s?(?P<who>\w{3,})",
            _I,
        ),
        needs=("prolific", "worker", "assignment", "survey", "sona", "participant", "session", "study"),
    ),
    Kind(
        gettext_noop("the position of a place"),
        re.compile(r"(?<![\d.\w,-])(?<!, )-?\d{1,2}\.\d{4,}\s*,\s*-?\d{1,3}\.\d{4,}(?!\s*,\s*-?\d|[\d.])"),
        _is_place,
    ),
    Kind(
        gettext_noop("the position of a place"),
        re.compile(
            r"\d{1,3}\s?°\s?\d{1,2}\s?['′]\s?(?:[\d.]+\s?[\"″]\s?)?[NSEW]"
            r"|[북남]위\s?\d+|(?:google\.\w+/maps|maps\.app\.goo\.gl|kko\.to|naver\.me)/\S+"
        ),
        needs=("°", "위", "maps", "kko.to", "naver.me"),
    ),
    Kind(
        gettext_noop("a date of birth"),
        re.compile(
            rf"{_BIRTH}[^.\d]{{0,20}}(?P<who>{_DATE}|\d{{6,8}}"
            rf"|\d{{1,2}}\.? {_WORDS_OF_DATE} \d{{4}}|{_WORDS_OF_DATE} \d{{1,2}},? \d{{4}})"
            rf"|(?P<day>{_DATE}\s?일?)\s?(?:에\s?)?(?:생|출생|태어|born)",
            _I,
        ),
        needs=_WORDS_OF_BIRTH,
    ),
    Kind(
        gettext_noop("a year of birth"),
        re.compile(rf"(?:19|20)\d\d\s?년\s?생|(?<!\d)\d\d\s?년생|{_BIRTH}\w* in (?:19|20)\d\d", _I),
        needs=_WORDS_OF_BIRTH,
    ),
    Kind(
        gettext_noop("a postal address"),
        re.compile(
            r"[가-힣]{1,6}(?:시|군|구|읍|면|동)\s[가-힣\d]{1,10}(?:로|길|동|리)\s?\d{1,5}(?:-\d+)?(?!\d)|\d{1,4}동\s?\d{1,4}호|〒\s?\d{3}-\d{4}"
            r"|[가-힣]{2,}(?:아파트|빌라|오피스텔)\s?\d+"
        ),
        needs=("로", "길", "동", "리", "호", "〒", "아파트", "빌라", "오피스텔"),
    ),
    Kind(
        gettext_noop("a postal address"),
        re.compile(
            r"(?<![\w-])\d{1,5}[a-z]?,?\s(?:[A-Z][\w'.]+\s){1,3}(?i:street|st|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd|court|ct|terrace)\b"
            r"|[A-ZÄÖÜ][\wäöüß]+(?:straße|strasse|str\.|gasse|weg)\s\d{1,4}\b"
            r"|\d{1,4},? (?:rue|avenue|boulevard|calle|via) (?:de |du |des |la )*[A-Z]\w+"
            r"|(?<!\w)[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}(?!\w)|(?i:p\.? ?o\.? ?box)\s\d+|[A-Z]{2} \d{5}(?:-\d{4})?(?!\w)"
        ),
        anywhere=False,
        needs=(" ",),
    ),
    Kind(
        gettext_noop("the home folder of an account"),
        re.compile(
            r"(?<![\w.])/(?:home|Users)/(?!Shared\b|Public\b|user\b)(?P<who>[^\s/\\\"']+)"
            r"|[A-Z]:\\+(?:Users|Documents and Settings)\\+(?!Public\b)(?P<whose>[^\s\\\"']+)",
            _I,
        ),
        needs=("/home/", "users", "documents and"),
    ),
    Kind(
        gettext_noop("a key or token"),
        re.compile(
            r"earsight_[\w-]{22}|eyJ[\w-]{8,}\.eyJ[\w-]{8,}|(?<!\w)(?:sk|pk)-[\w-]{20,}|(?<!\w)(?:hf_|gh[pousr]_|xox[bap]-)[\w-]{20,}|AKIA[A-Z0-9]{16}"
            r"|(?:session_?id|sessid|phpsessid|csrftoken|access_token"
            r"|api_?key|bearer|password|비밀번호)\s?[:= ]\s?(?P<who>(?=\S*\d)\S{8,})",
            _I,
        ),
        needs=_MARKS_OF_KEYS,
    ),
    Kind(
        gettext_noop("a link of Earsight to a person, a study or a report"),
        re.compile(r"/(?:s|j|p|report|invitation)/(?P<who>[\w-]{22})(?![\w-])|/q/(?P<handle>[0-9a-f]{16})(?![0-9a-f])"),
        needs=("/s/", "/j/", "/p/", "/q/", "/report/", "/invitation/"),
    ),
    Kind(gettext_noop("a receipt"), re.compile(r"(?<![\w-])(?:[A-Z2-7]{4}-){3,7}[A-Z2-7]{4}(?![\w-])"), _is_mixed),
    Kind(
        gettext_noop("the number of a student or member of staff"),
        re.compile(
            r"(?:학번|사번|군번|student (?:no|number|id)|matrikel\w*|employee (?:no|number|id))"
            r"\D{0,10}(?P<who>[A-Z]?\d[\d-]{4,})",
            _I,
        ),
        needs=("학번", "사번", "군번", "student", "matrikel", "employee"),
    ),
    Kind(
        gettext_noop("the number plate of a car"),
        re.compile(
            r"(?<!\d)\d{2,3}[가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주아바사자배하허호]\s?\d{4}(?!\d)"
        ),
        anywhere=False,
    ),
)
