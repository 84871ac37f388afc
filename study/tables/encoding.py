"""In which encoding a table is written: UTF-8, UTF-16 with its mark, or one that charset-normalizer and the letters
of its language make the only likely one. What stays unclear is a person's choice, never a guess.

Nearly every file of bytes can be read as CP949, Windows-1252, Shift-JIS and GB18030 at once, and short ones are no
less tidy in the wrong one: the German "süß" is a Chinese sign in CP949, the Chinese "安静" is Hangul. The detector
charset-normalizer leaves out readings that are a mess; among the others a reading must also look like its language.
"""

import codecs
import re
import unicodedata
from collections.abc import Collection, Iterator
from itertools import islice

from django.utils.translation import gettext as _

from study.tables.errors import EncodingUnclear, Reading, TableRefused

CANDIDATES = {"cp949": "CP949", "cp1252": "Windows-1252", "cp932": "Shift-JIS", "gb18030": "GB18030"}
UTF8 = "UTF-8"
SAMPLE_LINES = 3
_JUDGED_BYTES = 200_000
_MOST_CHAOS = 0.4  # twice charset-normalizer's threshold: Finnish is a mess to it
_NO_FILES = frozenset(
    {"idna", "punycode", "mbcs", "oem", "undefined", "unicode_escape", "unicode-escape", "raw_unicode_escape"}
    | {"raw-unicode-escape"}
)
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_LINE_END = re.compile(rb"[\r\n]|\Z")
_JUDGED_OF_A_LINE = 2_000
_UTF8_LETTER = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]+")
_HANGUL = re.compile("[가-힣]")
_IDEOGRAPH = re.compile("[\u4e00-\u9fff]")
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa]")
_HANGUL_INSIDE_LATIN = re.compile("[A-Za-z][가-힣]+[A-Za-z]")
_LATIN_WORD = re.compile("[A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ffŠšŽžŸŒœƒ]+")
_CAPITAL_INSIDE_WORD = re.compile("[a-z][\u00c0-\u00d6\u00d8-\u00deŠŽŸŒ]")
_TYPOGRAPHIC = frozenset("‘’‚“”„–—…«»‹›•°´·©®™€£§¡¿ªº\u00a0")
# The commonest syllables of Korean texts: a quarter of those that CP949 shares with other encodings' letters, and more
# than nine tenths of what people write.
_COMMON_SYLLABLES = frozenset(
    "가각간갈감값강갖같개객거걱건검겁것게겠겨격견결경계고곡골곱곳공과곽관교구국굵권귀규균그근글금급기긴길김깊까께"
    "꼴꽃꾸꿀꿈뀌끄끊끝나난날남낭낮내낸낼냐너널넓넘넣네넷녁년녕노논높놓누눈눌뉴느는늘늙능니닉님닙다단달담답당대댄"
    "더던데델도독돌동되된될됨됩두둘둡둥뒤드든듣들듯등디따때떤떨떻또똑뜨뜻라락란람랍랐랑래랜램랩랫략량러럭런럼럽렇"
    "레렉렐렘려력련렬렸령로록론롤롬뢰료루룹류률르른를름릅리릭린릴림립릿링마막만많말맑맙망맞매맨맷머먼멈멋메며면명"
    "몇모목못몽무문묻물뮬므미민밀밍및바박밖반받발밝밤방배백버번벌범법베벤벨벼벽변별병보복본볼봄봉부북분불붙뷰브블"
    "비빈빛빠빼뺀뿐쁜쁨사삭산살상새색생서석선설성세셋셔션셨소속손솔송수순술숨숫숲쉽스슬습시식신실싫심십싶써쓰쓴쓸"
    "씁씩아악안않알암압았앞애액앰야약얇양얕어억언얻얼엄업없엇었에여역연열였영옆예옛오온올옮옵와완왈왔왜외요용우욱"
    "운울움웃워원월웨웹위윙유윤율으은을음응의이익인일읽임입있잎자작잔잘잡장재저적전절젊점접정제젝져조족존좀좁종좋"
    "죠주준줄줍중즈즉증지직진질짐집짜짧째쪽차찬참창찾채책처천철첫청체첼쳐초최추축출춥충취츠측치칙친칠침칭카칸캐커"
    "컨컬컴케켓켜코콘콜쿠쿨큐크큰클큼키킨킬킷킹타탈탑태택탱터턴테텍텐텔템토톨통투툴튜트특튼틀티틱틴틸팅파판팔팝패"
    "퍼펐펑페펫펴편평포폭폰폴폼표풀품프픈플픔피픽필핑하학한할함합항해핸햇했행향허험헤혀현협형호혹홈홍화확환활황회"
    "획횟효후훈흐흙희히힙"
)


def decode_text(raw: bytes, file: str, encoding: str | None = None) -> tuple[str, str]:
    """Return a file's text and the name of its encoding. `encoding`: the one that a person chose, by any of its names.

    Raises:
        EncodingUnclear: a person must name the encoding.
        TableRefused: the file is no text, or not in the encoding that was named.
    """
    if encoding:
        text, name = _decode_as(raw, file, encoding)
    else:
        text, name = _decode_unnamed(raw, file)
    if "\x00" in text:
        raise _no_text(file)
    return text, name


def _no_text(file: str) -> TableRefused:
    return TableRefused(_("%(file)s: this is no text; save the table as “CSV UTF-8”.") % {"file": file})


def _decode_as(raw: bytes, file: str, encoding: str) -> tuple[str, str]:
    codec = codec_of(encoding)
    if raw.startswith((codecs.BOM_UTF8, *_UTF16_MARKS)) and not codec.startswith("utf"):
        raise TableRefused(
            _("%(file)s: the file has the mark of Unicode at its start, so it is not in %(encoding)s; name none.")
            % {"file": file, "encoding": _name_of(codec)}
        )
    try:
        return raw.decode(codec), _name_of(codec)
    except UnicodeDecodeError as error:
        raise TableRefused(
            _("%(file)s: byte %(n)d is no text in %(encoding)s; name another encoding, or save the file as UTF-8.")
            % {"file": file, "n": error.start + 1, "encoding": _name_of(codec)}
        ) from None


def codec_of(encoding: str) -> str:
    """Return the codec of an encoding that a person named.

    Raises:
        TableRefused: there is none of that name.
    """
    by_name = {name.casefold(): codec for codec, name in CANDIDATES.items()}
    try:
        found = codecs.lookup(by_name.get(encoding.strip().casefold(), encoding.strip()))
    except (LookupError, ValueError):
        found = None
    if found is None or not getattr(found, "_is_text_encoding", True) or found.name in _NO_FILES:
        known = ", ".join(("utf-8", "utf-16", *CANDIDATES))
        raise TableRefused(
            _("encoding “%(encoding)s” is not known; use one of %(known)s, or another that Python knows.")
            % {"encoding": encoding[:40], "known": known}
        )
    return "utf-8-sig" if found.name == "utf-8" else found.name


def _name_of(codec: str) -> str:
    return CANDIDATES.get(codec) or (UTF8 if codec == "utf-8-sig" else codec.upper())


def _decode_unnamed(raw: bytes, file: str) -> tuple[str, str]:
    marked = raw.startswith(_UTF16_MARKS)
    try:
        return raw.decode("utf-16" if marked else "utf-8-sig"), "UTF-16" if marked else UTF8
    except UnicodeDecodeError as error:
        if marked or b"\x00" in raw:
            raise _no_text(file) from None
        at = error.start
    readings = _possible_readings(raw)
    likely = [codec for codec, sample in readings.items() if _is_likely(codec, sample, readings)]
    if likely in ([], ["cp1252"]) and _is_damaged_utf8(raw):
        raise TableRefused(
            _("%(file)s: the text is UTF-8, but damaged at byte %(n)d; save the table as “CSV UTF-8” again.")
            % {"file": file, "n": at + 1}
        )
    if len(likely) == 1:
        return raw.decode(likely[0]), CANDIDATES[likely[0]]
    raise _unclear(file, readings)


def _is_damaged_utf8(raw: bytes) -> bool:
    """Return whether most letters beyond ASCII are UTF-8, as if the file was cut, or joined of two."""
    found = list(islice(_UTF8_LETTER.finditer(raw), 10_000))
    beyond = sum(len(run.group()) for run in islice(_BEYOND_ASCII.finditer(raw), 10_000))
    return len(found) >= 3 and sum(len(letter.group()) for letter in found) > 0.8 * beyond


def other_readings(raw: bytes, name: str) -> tuple[Reading, ...]:
    """Return the other encodings in which a file is no mess, if `name` is one that was recognised by its letters."""
    if name not in CANDIDATES.values():
        return ()
    return tuple(reading for reading in _readings(_possible_readings(raw)) if reading.name != name)


def _readings(samples: dict[str, str]) -> tuple[Reading, ...]:
    return tuple(
        Reading(codec, CANDIDATES[codec], tuple(line[:80] for line in sample.split("\n")[:SAMPLE_LINES]))
        for codec, sample in samples.items()
    )


def _unclear(file: str, readings: dict[str, str]) -> EncodingUnclear:
    found = _readings(readings)
    if not found:
        return EncodingUnclear(
            _(
                "%(file)s: this is no text in UTF-8 or another encoding that can be recognised; save the table as "
                "“CSV UTF-8”, or name its encoding."
            )
            % {"file": file},
            (),
        )
    choices = ", ".join(f"{reading.codec} (“{reading.sample[0][:40]}”)" for reading in found)
    return EncodingUnclear(
        _(
            "%(file)s: the encoding is not clear; it may be %(choices)s. Save the table as “CSV UTF-8”, or name its "
            "encoding."
        )
        % {"file": file, "choices": choices},
        found,
    )


def _possible_readings(raw: bytes) -> dict[str, str]:
    """Return the lines with letters beyond ASCII in every encoding in which they are no mess, the tidiest first."""
    # Imported here: few files are in none of the encodings that need no detector.
    from charset_normalizer import from_bytes

    whole = [codec for codec in CANDIDATES if _decodes(raw, codec)]
    sample = b"\n".join(_lines_beyond_ascii(raw))
    tidy = (
        {
            match.encoding: match.chaos
            for match in from_bytes(sample, cp_isolation=whole, threshold=_MOST_CHAOS, enable_fallback=False)
        }
        if whole
        else {}
    )
    texts = {codec: sample.decode(codec, "ignore") for codec in sorted(tidy, key=lambda codec: tidy[codec])}
    return {codec: text for codec, text in texts.items() if _is_assigned(text)}


def _lines_beyond_ascii(raw: bytes) -> Iterator[bytes]:
    """Yield lines with letters beyond ASCII, of a long one what begins with the first such letter."""
    at = length = count = 0
    while length <= _JUDGED_BYTES and count < 5_000 and (found := _BEYOND_ASCII.search(raw, at)):
        start = max(raw.rfind(b"\n", at, found.start()), raw.rfind(b"\r", at, found.start())) + 1 or at
        if found.start() - start > _JUDGED_OF_A_LINE // 2:
            start = found.start()
        end = _LINE_END.search(raw, found.start())
        at = end.start() if end else len(raw)
        yield raw[start : min(at, start + _JUDGED_OF_A_LINE)]
        length += min(at - start, _JUDGED_OF_A_LINE)
        count += 1


def _decodes(raw: bytes, codec: str) -> bool:
    try:
        raw.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _is_assigned(text: str) -> bool:
    return not any(
        unicodedata.category(sign) in ("Cn", "Co", "Cs", "Cc") for sign in set(text) if sign not in "\t\r\n\x1a"
    )


def _is_likely(codec: str, text: str, readings: dict[str, str]) -> bool:
    """Return whether `text` looks like the language that is written in this encoding."""
    beyond = [sign for sign in text if sign > "\x7f"]
    if codec == "cp949":
        return _is_korean(text)
    if codec == "cp1252":
        return _is_western(text, beyond)
    if codec == "cp932":
        return len(_KANA.findall(text)) >= 0.3 * len(beyond)
    korean = readings.get("cp949", "")
    return _is_chinese(text, beyond) and (not korean or _cannot_be_korean(korean))


def _common_share(syllables: Collection[str]) -> float:
    return sum(sign in _COMMON_SYLLABLES for sign in syllables) / max(len(syllables), 1)


def _is_korean(text: str) -> bool:
    """Common syllables, few Chinese characters, and no syllable within a Latin word."""
    syllables = _HANGUL.findall(text)
    different = set(syllables)  # one wrong letter may stand in every row
    return (
        bool(syllables)
        and _common_share(syllables) >= 0.75
        and (_common_share(different) >= 0.6 or len(different) > 50)
        and 2 * len(_IDEOGRAPH.findall(text)) <= len(syllables)
        and 10 * len(_HANGUL_INSIDE_LATIN.findall(text)) <= len(syllables)
    )


def _cannot_be_korean(text: str) -> bool:
    """Return whether there are more Chinese characters than syllables, or many syllables and few common ones."""
    syllables = set(_HANGUL.findall(text))
    return len(set(_IDEOGRAPH.findall(text))) > len(syllables) or (
        len(syllables) >= 6 and _common_share(syllables) < 0.4
    )


def _is_western(text: str, beyond: list[str]) -> bool:
    """Letters with accents among plain letters, and typographic signs; no long runs as other scripts give."""
    letters = accented = 0
    for word in _LATIN_WORD.findall(text):
        high = sum(sign > "\x7f" for sign in word)
        letters += high
        accented += high if high < len(word) and not re.search(r"[^\x00-\x7f]{3}", word) else 0
    signs = sum(sign in _TYPOGRAPHIC for sign in beyond)
    if _CAPITAL_INSIDE_WORD.search(text) or letters + signs < 0.95 * len(beyond):
        return False
    return accented >= 0.7 * letters


def _is_chinese(text: str, beyond: list[str]) -> bool:
    """Chinese characters, nine tenths of them among the commonest 3,755 (level 1 of GB 2312), and no other letters."""
    signs = _IDEOGRAPH.findall(text)
    level_1 = sum(b"\xb0" <= sign.encode("gb18030")[:1] <= b"\xd7" and _is_gb2312(sign) for sign in signs)
    return (
        len(signs) >= 2 and level_1 >= 0.9 * len(signs) and len(signs) >= 0.7 * len(beyond) and not _KANA.search(text)
    )


def _is_gb2312(sign: str) -> bool:
    try:
        sign.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True
