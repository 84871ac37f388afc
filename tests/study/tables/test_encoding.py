"""The encoding of a table is recognised, or a person is asked: letters never become those of another language."""

import pytest

from study.tables.encoding import codec_of, decode_text
from study.tables.errors import EncodingUnclear, TableRefused, message_for_command

HEADER = "clip,tags\r\n"
RIGHT = {
    "utf-8": ["süß", "피아노", "静か", "钢琴", "музыка"],
    "utf-8-sig": ["süß", "피아노"],
    "utf-16": ["süß", "피아노", "музыка"],
    "cp949": [
        "피아노",
        "록",
        "밤하늘",
        "슬픈;빠른;여성 보컬",
        "K팝;발라드",
        "민수;지영",
        "똠방각하의 노래;사랑의 인사",
    ],
    "cp1252": ["süß", "café", "children’s choir;singer–songwriter", "für Mädchen;Köln", "niño;corazón", "« été »"],
    "cp932": ["ピアノ;静か", "悲しいピアノの曲", "女性ボーカル"],
    "gb18030": ["钢琴;摇滚;悲伤的音乐;女声", "安静的钢琴曲;快速的吉他"],
}
# Short or mixed texts that have two likely readings, or none: nothing may be guessed.
UNCLEAR = [
    ("钢琴;安静", "gb18030"),
    ("꿩;뱁\r\n" * 5, "cp949"),
    ("꿩;뱁", "cp949"),
    ("钢琴;摇滚", "gb18030"),
    ("ﾋﾟｱﾉ", "cp932"),
    ("静寂", "cp932"),
    ("café;für", "mac_roman"),
]
OTHER_LANGUAGES = [
    ("музыка;рок", "cp1251"),
    ("ピアノ;静か", "euc_jp"),
    ("鋼琴;安靜的音樂", "big5"),
    ("μουσική", "cp1253"),
]


@pytest.mark.parametrize(("codec", "text"), [(codec, text) for codec, texts in RIGHT.items() for text in texts])
def test_the_encoding_is_recognised(codec: str, text: str) -> None:
    table = f"{HEADER}a.mp3,{text}\r\n"
    found, name = decode_text(table.encode(codec), "tags.csv")
    assert found == table
    assert name.casefold().replace("windows-1252", "cp1252").replace("shift-jis", "cp932") == codec.removesuffix("-sig")


@pytest.mark.parametrize(("text", "codec"), UNCLEAR + OTHER_LANGUAGES)
def test_what_is_not_clear_is_asked_and_read_in_the_encoding_that_is_named(text: str, codec: str) -> None:
    raw = f"{HEADER}a.mp3,{text}\r\n".encode(codec)
    with pytest.raises(EncodingUnclear) as caught:
        decode_text(raw, "tags.csv")
    assert str(caught.value).startswith("tags.csv: ")
    assert "--encoding" not in str(caught.value)
    assert "--encoding" in message_for_command(caught.value)
    assert all(reading.sample[0].startswith("a.mp3,") for reading in caught.value.readings)
    assert text in decode_text(raw, "tags.csv", codec)[0]


def test_the_readings_of_an_unclear_text_are_shown_as_they_would_look() -> None:
    with pytest.raises(EncodingUnclear) as caught:
        decode_text("clip,tags\na.mp3,钢琴;摇滚\n".encode("gbk"), "tags.csv")
    samples = {reading.codec: reading.sample[0] for reading in caught.value.readings}
    assert samples["gb18030"] == "a.mp3,钢琴;摇滚"
    assert "cp949" in samples


@pytest.mark.parametrize(
    "raw", [b"a,b\n\0,c", b"\xff\xff\xff", b"\xff\xfea", b"clip,tags\n\x81\x00", bytes(range(1, 256))]
)
def test_what_is_no_text_is_refused(raw: bytes) -> None:
    with pytest.raises(TableRefused, match=r"^x\.csv: this is no text"):
        decode_text(raw, "x.csv")


@pytest.mark.parametrize("text", ["Übung, Ärger und Öl", "피아노와 기타", "静かなピアノ"])
def test_damaged_utf8_is_not_read_as_another_encoding(text: str) -> None:
    with pytest.raises(TableRefused, match="the text is UTF-8, but damaged at byte"):
        decode_text(f"{HEADER}a.mp3,{text}".encode() + b"\xc3", "x.csv")
    with pytest.raises(TableRefused):
        decode_text(f"{HEADER}a.mp3,{text}\r\n".encode() + "b.mp3,süß\r\n".encode("cp1252"), "x.csv")


@pytest.mark.parametrize(
    "name", ["klingon", "", " ", "base64", "hex", "rot13", "idna", "undefined", "unicode_escape", "x" * 300, "utf-8\0"]
)
def test_an_encoding_that_does_not_exist_is_refused(name: str) -> None:
    with pytest.raises(TableRefused, match="is not known"):
        codec_of(name)


@pytest.mark.parametrize(
    ("name", "codec"), [("UTF8", "utf-8-sig"), ("Shift-JIS", "cp932"), ("windows-1252", "cp1252"), ("euc-kr", "euc_kr")]
)
def test_an_encoding_may_be_named_as_people_name_it(name: str, codec: str) -> None:
    assert codec_of(name) == codec


def test_a_named_encoding_that_does_not_fit_is_refused() -> None:
    with pytest.raises(TableRefused, match="byte 3 is no text in UTF-8"):
        decode_text(b"a,\xfc", "x.csv", "utf-8")
    for codec in ("utf-8-sig", "utf-16"):
        with pytest.raises(TableRefused, match="the mark of Unicode at its start, so it is not in CP949"):
            decode_text("a,b".encode(codec), "x.csv", "cp949")
