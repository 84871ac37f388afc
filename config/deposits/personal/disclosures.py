"""Sentences in which somebody says who they are, and names that are known beforehand."""

import re
from collections.abc import Callable, Iterable, Iterator

from django.utils.translation import gettext_noop

from config.deposits.personal.identifiers import Identifier, normal

SAYS_WHO = gettext_noop("a person’s own name")
SAYS_WHERE = gettext_noop("where a person works, studies or lives")
KNOWN_NAME = gettext_noop("the name of a colleague")

# The commonest family names of Korea; a given name has two syllables.
_FAMILY = (
    "김이박최정강조윤장임한오서신권황안송전홍유고문양손배백허남심노하곽성차주우구민"
    "류나진지엄채원천방공현함변염여추도소석선설마길"
)
# Three syllables that begin like a name and are none.
_NO_NAMES = (
    "한국인|외국인|전문가|전공자|연구원|연구자|연주자|이십대|이용자|지휘자|주부로|전기과|고등학|고교생|유학생|원어민|우울증|하루에"
    "|한국에|이것이|정말로|전혀|이쪽|조금더|오히려|여성이|남성이|남자|여자|소비자|여행자|방송인|공무원|민간인|선생님|안경을"
)
_END_OF_NAME = r"(?:입니다|이에요|예요|이라고|라고|이고|이며|인데|올시다)"
_NAME = r"(?P<who>[A-ZÀ-ÞΑ-ΫА-Я][\w'’-]+(?:[ -][A-ZÀ-ÞΑ-ΫА-Я][\w'’.-]*)*)"
_ANY_NAME = r"(?P<who>[^\W\d_][\w'’-]+(?: [A-ZÀ-ÞА-Я][\w'’.-]*)*)"
_NOT_AFTER_AM = "(?!Not |Very |So |From |In |At |The |A |An )"

_WHO = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?i:\bmy (?:full |real |first |last |sur)?names?(?:'s|’s| is| are)"
        rf"|\bi(?:'m| am) called|\bthe name'?s) {_ANY_NAME}",
        rf"(?i:\bplease )?(?i:call me|\bknown as|\bsigned(?: by)?,?|\bregards,|\bbest,|\bsincerely,)\s+{_NAME}",
        rf"\bI(?:'m|’m| am) {_NOT_AFTER_AM}(?P<who>[A-Z][a-z]+ (?:[A-Z]\. )?[A-Z][a-z]+)",
        rf"\b(?i:this is|I'm|I’m|I am) {_NOT_AFTER_AM}(?P<who>[A-Z][a-z]+)"
        rf"(?=,? (?:here|from|speaking|and I|writing)\b)",
        r"(?:제|내|저의|나의|본인)\s?(?:이름|성함|성명|실명|본명)(?:은|이|:)\s*(?P<who>[^\s,.]{2,12})",
        r"(?:이름|성명|성함|실명|본명|닉네임|별명)\s?[:=]\s?(?P<who>[^\s,.]{2,12})",
        rf"(?:저는|나는|전|난|저)\s(?!{_NO_NAMES})(?P<who>[{_FAMILY}][가-힣]{{2}})\s?{_END_OF_NAME}",
        rf"(?:^|[\s,.])(?!{_NO_NAMES})(?P<who>[{_FAMILY}][가-힣]{{2}})(?:이라고|라고)\s"
        rf"(?:합니다|해요|불러|부르)",
        rf"(?i:\bje m'appelle|\bich heiße|\bich heisse|\bmein name ist|\bme llamo|\bmi nombre es|\bmi chiamo"
        rf"|\bmeu nome é|\bmijn naam is|\bbenim adım|\bnama saya|\btên tôi là|\bmam na imię|меня зовут) {_ANY_NAME}",
        r"(?:私の名前は|名前は)(?P<who>[^\s、。]{2,10})|(?P<name>[一-龯ァ-ヶ]{2,8})(?:と申します|といいます)",
        r"(?:我叫|我的名字是|我的名字叫)(?P<who>[一-龯]{2,4})",
    )
)
_WHERE = tuple(
    re.compile(pattern)
    for pattern in (
        r"\bI (?:work|study|teach|live|am a student|am studying|am employed)"
        r" (?:at|for|in|on) (?:the )?(?P<who>[A-Z][\w&'’-]+(?: [\w&'’-]+){0,4})",
        r"(?P<who>[가-힣]{2,12}(?:대학교|대학원|고등학교|중학교))\s?(?:에|를|을|재학|졸업|다니|학생|교수|\d학년)",
        r"(?P<who>[가-힣A-Za-z]{2,15})에서?\s(?:근무|일하고|재직|살고\s있|거주)",
    )
)
# Parts of which a text has one if any of the sentences above is in it.
_MARKS = re.compile(
    r"(?i:name|\bi['’]?m? |call me|known as|signed|regards|best,|sincerely|this is)"
    r"|이름|성명|성함|실명|본명|닉네임|별명|저는|나는"
    r"|전 |난 |저 |라고|appelle|hei[ßs]|llamo|nombre|chiamo|nome|naam|adım|nama|tên|imię|меня|名|申します|といいます|我"
    r"|대학|학교|근무|일하|재직|살고|거주"
)


def disclosures_in(text: str) -> Iterator[Identifier]:
    """Where somebody says in the text who they are, or where they can be found."""
    text = normal(text)
    if not _MARKS.search(text):
        return
    for kind, patterns in ((SAYS_WHO, _WHO), (SAYS_WHERE, _WHERE)):
        for pattern in patterns:
            for match in pattern.finditer(text):
                secret = next(part for part in match.groupdict().values() if part)
                yield Identifier(kind, match.group().strip(), secret)


# Names of accounts that are no names.
_ROLES = {"admin", "administrator", "demo", "owner", "researcher", "root", "test", "tester", "user", "editor", "guest"}


def search_of_names(names: Iterable[str]) -> Callable[[str], Iterator[Identifier]]:
    """A function that finds these names in a text: as words, in any case; in scripts without spaces anywhere."""
    known = {normal(name).strip() for name in names}
    used = sorted((name for name in known if _is_name(name)), key=len, reverse=True)
    if not used:
        return lambda _text: iter(())
    parts = (rf"(?<!\w){re.escape(name)}(?!\w)" if name.isascii() else re.escape(name) for name in used)
    pattern = re.compile("|".join(parts), re.IGNORECASE)
    return lambda text: (
        Identifier(KNOWN_NAME, match.group(), match.group()) for match in pattern.finditer(normal(text))
    )


def _is_name(text: str) -> bool:
    return len(text) >= (3 if text.isascii() else 2) and text.lower() not in _ROLES and not text.isdigit()
