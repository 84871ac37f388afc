"""Pictures that another generator made come in whole or not at all."""

from __future__ import annotations

import contextlib
import io
import stat
import struct
import unicodedata
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from PIL import Image

from generation.painting.errors import PictureError
from generation.ready_made import sources
from generation.ready_made.errors import ReadyMadeError
from generation.ready_made.reading import read_files, read_zip

CLIPS = ["a.mp3", "b.mp3"]
CONDITIONS = ["one", "two"]
ROWS = [(clip, condition, f"{clip[0]}-{condition}.png") for clip in CLIPS for condition in CONDITIONS]


def picture(colour="red") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 40), colour).save(buffer, "PNG")
    return buffer.getvalue()


def manifest(rows=ROWS, header="clip,condition,file", delimiter=",") -> bytes:
    return "\r\n".join([header.replace(",", delimiter), *(delimiter.join(row) for row in rows)]).encode()


def zipped(members=None, *, rows=ROWS, table=None, folder="") -> io.BytesIO:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{folder}manifest.csv", manifest(rows) if table is None else table)
        for name, data in (members or {folder + file: picture() for _, _, file in ROWS}).items():
            archive.writestr(name, data)
    buffer.seek(0)
    return buffer


def read(upload):
    return read_zip(upload, clips=CLIPS, conditions=CONDITIONS)


def faults_of(upload) -> str:
    with pytest.raises(ReadyMadeError) as caught:
        read(upload)
    assert str(caught.value).endswith("Nothing was imported.")
    return str(caught.value)


def test_each_row_is_a_picture():
    upload = read(zipped())
    assert [(item.clip, item.condition) for item in upload.items] == [row[:2] for row in ROWS]
    assert [upload.source.read(item.file) for item in upload.items] == [picture()] * 4


def test_files_uploaded_one_by_one_are_read():
    files = {file: picture() for _, _, file in ROWS}
    assert len(read_files(manifest(), files, clips=CLIPS, conditions=CONDITIONS).items) == 4


def test_the_manifest_may_be_in_a_folder_beside_files_of_file_managers():
    members = {f"my pictures/{file}": picture() for _, _, file in ROWS}
    members |= {"__MACOSX/my pictures/._a-one.png": b"junk", "my pictures/.DS_Store": b"junk"}
    members |= {"my pictures/._a-one.png": b"junk", "my pictures/Thumbs.db": b"junk", "Desktop.ini": b"junk"}
    assert len(read(zipped(members, folder="my pictures/")).items) == 4


@pytest.mark.parametrize(
    "table",
    [
        b"\xef\xbb\xbf" + manifest(),
        manifest(delimiter=";"),
        manifest(delimiter="\t"),
        manifest(header="Clip , Condition,FILE"),
        manifest([*ROWS, ("", "", "")]),
        b"sep=;\r\n" + manifest(delimiter=";"),
        manifest([(*row, "", "") for row in ROWS], header="clip,condition,file,,"),
        manifest([(f" {clip}\u00a0", f"{condition}\u200b", file) for clip, condition, file in ROWS]),
        manifest().decode().encode("utf-16"),
    ],
)
def test_the_manifest_is_read_in_the_formats_of_spreadsheets(table):
    assert len(read(zipped(table=table)).items) == 4


def test_a_manifest_may_be_a_tsv_or_xlsx_and_its_notes_and_encoding_go_with_it():
    members = {file: picture() for _, _, file in ROWS} | {"manifest.tsv": manifest(delimiter="\t")}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    assert len(read(buffer).items) == 4
    book = Workbook()
    for row in (("clip", "condition", "file"), *ROWS):
        book.active.append(row)
    table = io.BytesIO()
    book.save(table)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in (members | {"manifest.xlsx": table.getvalue()}).items():
            if name != "manifest.tsv":
                archive.writestr(name, data)
    assert len(read(buffer).items) == 4
    clips = ["꿩.mp3", "a\u202fb.mp3"]
    files = {f"{n}{condition}.png": picture() for n in range(2) for condition in CONDITIONS}
    rows = [(clip.replace("\u202f", " "), c, f"{n}{c}.png") for n, clip in enumerate(clips) for c in CONDITIONS]
    table = manifest(rows).decode().encode("cp949")
    with pytest.raises(ReadyMadeError, match="the encoding is not clear"):
        read_files(table, files, clips=CLIPS, conditions=CONDITIONS)
    for encoding in ("cp949", None):  # without one, the names of the study's clips decide
        upload = read_files(table, files, clips=clips, conditions=CONDITIONS, encoding=encoding)
        assert {item.clip for item in upload.items} == set(clips)
        assert upload.notes == ("The table was read as CP949.",)


def test_an_encoding_in_which_only_some_clips_are_known_is_not_taken():
    """The control: the encoding stays a person's choice."""
    rows = [("꿩.mp3", c, f"{c}.png") for c in CONDITIONS]
    files = {f"{c}.png": picture() for c in CONDITIONS}
    table = manifest([*rows, ("뷁.mp3", "one", "x.png")]).decode().encode("cp949")
    with pytest.raises(ReadyMadeError, match="the encoding is not clear"):
        read_files(table, files, clips=["꿩.mp3"], conditions=CONDITIONS)
    without_columns = table.replace(b"condition", b"kind")
    with pytest.raises(ReadyMadeError, match="the encoding is not clear"):
        read_files(without_columns, files, clips=["꿩.mp3"], conditions=CONDITIONS)
    with pytest.raises(ReadyMadeError, match="the encoding is not clear"):
        read_files(table + b'"', files, clips=["꿩.mp3"], conditions=CONDITIONS)


def zipped_by(encoding: str, names: list[str], table: bytes) -> io.BytesIO:
    """A zip whose names are bytes of an encoding, without the mark of UTF-8, as many programs pack them."""
    raw = {
        f"{n:03}".ljust(len(name.encode(encoding)), "~").encode(): name.encode(encoding) for n, name in enumerate(names)
    }
    data = zipped({placeholder.decode(): picture() for placeholder in raw}, table=table).getvalue()
    for placeholder, name in raw.items():
        assert data.count(placeholder) == 2
        data = data.replace(placeholder, name)
    return io.BytesIO(data)


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-8", "봄비"),
        ("cp949", "봄비"),
        ("cp949", "왈츠, 느리게"),
        ("cp437", "Grüße"),
        ("cp850", "Ærø på"),
        ("cp852", "Łódź"),
        ("cp866", "Весна"),
        ("cp932", "ソナタ"),  # a byte of its first sign is a backslash
        ("gb18030", "安静"),
    ],
)
def test_names_in_a_zip_are_read_whatever_program_packed_it(encoding, name):
    names = [f"{name}-{condition}.png" for condition in CONDITIONS]
    rows = [("a.mp3", condition, f'"{file}"') for condition, file in zip(CONDITIONS, names, strict=True)]
    upload = read(zipped_by(encoding, names, manifest(rows)))
    assert [item.file for item in upload.items] == names
    assert all(upload.source.read(item.file) == picture() for item in upload.items)


def test_names_in_a_folder_of_any_encoding_are_read_beside_the_manifest():
    rows = [("a.mp3", condition, f"{condition}.png") for condition in CONDITIONS]
    data = zipped({f"~~~~~~/{c}.png": picture() for c in CONDITIONS}, table=manifest(rows), folder="~~~~~~/").getvalue()
    upload = read(io.BytesIO(data.replace(b"~~~~~~", "그림들".encode("cp949"))))
    assert [item.file for item in upload.items] == ["그림들/one.png", "그림들/two.png"]


def test_a_name_that_the_zip_gives_in_unicode_too_is_taken():
    """The extra field of Info-ZIP, beside a name in the encoding of the machine."""
    name, raw = "봄비.png", b"~~~~.png"
    extra = struct.pack("<BL", 1, zlib.crc32(raw)) + name.encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("manifest.csv", manifest([("a.mp3", "one", name), ("a.mp3", "two", "b.png")]))
        info = zipfile.ZipInfo(raw.decode())
        info.extra = struct.pack("<HH", 0x7075, len(extra)) + extra
        archive.writestr(info, picture())
        archive.writestr("b.png", picture())
    assert [item.file for item in read(buffer).items] == [name, "b.png"]


def test_a_name_that_claims_to_be_utf_8_and_is_not_is_reported():
    data = zipped({"봄.png": picture()}).getvalue()
    assert "no readable zip" in faults_of(io.BytesIO(data.replace("봄".encode(), b"\xff\xff\xff")))


def test_a_file_that_is_twice_in_the_zip_is_reported():
    buffer = zipped()
    with zipfile.ZipFile(buffer, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("a-one.png", picture())
    assert "holds 'a-one.png' twice" in faults_of(buffer)


def test_korean_names_are_read_from_cp949_and_from_split_letters():
    rows = [("노래.mp3", condition, f"그림-{condition}.png") for condition in CONDITIONS]
    split = {unicodedata.normalize("NFD", file): picture() for _, _, file in rows}
    table = manifest(rows).decode().encode("cp949")
    assert len(read_zip(zipped(split, table=table), clips=["노래.mp3"], conditions=CONDITIONS).items) == 2


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (("c.mp3", "one", "a-one.png"), "row 6: unknown clip 'c.mp3'"),
        (("a.mp3", "three", "a-one.png"), "row 6: unknown condition 'three'; the study has one, two"),
        (("a.mp3", "one", "a-one.png"), "row 6: clip 'a.mp3' has condition 'one' already in row 2"),
        (("a.mp3", "", "a-one.png"), "row 6: clip, condition and file must all be given"),
    ],
)
def test_a_wrong_row_is_reported(row, fault):
    assert fault in faults_of(zipped(rows=[*ROWS, row]))


def test_missing_and_unlisted_files_are_reported():
    text = faults_of(zipped(rows=[*ROWS[:3], ("b.mp3", "two", "c.png")]))
    assert "row 5: the file 'c.png' is not in the upload" in text
    assert "'b-two.png' is in no row" in text


def test_one_file_for_two_conditions_is_refused():
    assert "is in row 2 already" in faults_of(zipped(rows=[*ROWS[:3], ("b.mp3", "two", "a-one.png")]))


def test_a_clip_without_all_its_pictures_is_refused():
    members = {file: picture() for _, _, file in ROWS[:3]}
    assert "Clip 'b.mp3' has no picture for two" in faults_of(zipped(members, rows=ROWS[:3]))


def test_all_faults_are_in_one_message():
    rows = [*ROWS, ("c.mp3", "one", "x"), ("d.mp3", "one", "x")]
    assert faults_of(zipped(rows=rows)).count("unknown clip") == 2


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        (b"clip,file\na,b", "column condition is missing"),
        (b"", "the file is empty"),
        (b"clip,condition,file\n", "no rows"),
        (b"clip,clip,condition,file\na,a,b,c", "twice"),
        (b"\xff\xff\x00c", "UTF-8"),
        (b"clip,condition,file\n\0,b,c", "this is no text"),
    ],
)
def test_a_wrong_manifest_is_reported(table, fault):
    assert fault in faults_of(zipped(table=table))


def test_a_file_that_is_no_zip_is_reported():
    assert "no readable zip" in faults_of(io.BytesIO(b"words"))


def test_a_zip_without_manifest_is_reported():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.png", picture())
    assert "needs one manifest.csv" in faults_of(buffer)


@pytest.mark.parametrize("name", ["../a.png", "/etc/a.png", "x/../../a.png", "..\\a.png", "C:\\a.png"])
def test_a_path_that_points_outside_is_refused(name):
    members = {file: picture() for _, _, file in ROWS} | {name: picture()}
    assert "points outside" in faults_of(zipped(members))


def test_a_link_is_refused():
    buffer = zipped()
    with zipfile.ZipFile(buffer, "a") as archive:
        info = zipfile.ZipInfo("link.png")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    assert "is a link" in faults_of(buffer)


def test_a_decompression_bomb_is_refused_by_its_ratio():
    members = {file: picture() for _, _, file in ROWS} | {"bomb.png": b"\0" * 20_000_000}
    assert "over 200 times" in faults_of(zipped(members))


def test_a_decompression_bomb_with_a_false_size_is_cut_off(monkeypatch):
    """The header says 100 bytes; reading stops at the limit whatever it says."""
    monkeypatch.setattr(sources, "MAX_FILE_BYTES", 1000)
    members = {file: picture() for _, _, file in ROWS} | {"a-one.png": b"\x01\x02" * 5000}
    data = bytearray(zipped(members).getvalue())
    for signature, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = -1
        while (at := data.find(signature, at + 1)) >= 0:
            if struct.unpack("<I", data[at + offset : at + offset + 4])[0] == 10_000:
                data[at + offset : at + offset + 4] = struct.pack("<I", 100)
    upload = read(io.BytesIO(bytes(data)))
    with pytest.raises(PictureError, match=r"a-one\.png"):
        upload.source.read(upload.items[0].file)


def test_a_password_is_reported():
    data = bytearray(zipped().getvalue())
    at = data.find(b"PK\x01\x02", data.find(b"PK\x01\x02") + 1)
    data[at + 8] |= 1
    assert "has a password" in faults_of(io.BytesIO(bytes(data)))


def test_a_damaged_member_is_reported():
    data = bytearray(zipped().getvalue())
    at = data.find(b"a-one.png") + 40
    data[at : at + 10] = b"\xff" * 10
    upload = read(io.BytesIO(bytes(data)))
    with pytest.raises(PictureError, match=r"a-one\.png: damaged in the zip"):
        upload.source.read(upload.items[0].file)


def test_too_many_files_are_refused(monkeypatch):
    monkeypatch.setattr(sources, "MAX_FILES", 3)
    assert "the limit is 3" in faults_of(zipped())


def test_a_damaged_manifest_is_reported():
    data = bytearray(zipped().getvalue())
    at = data.find(b"manifest.csv") + 14
    data[at : at + 10] = b"\xff" * 10
    assert "manifest.csv: damaged" in faults_of(io.BytesIO(bytes(data)))


@given(at=st.floats(0, 1), junk=st.binary(min_size=1, max_size=6), cut=st.booleans())
@settings(max_examples=200, deadline=None)
def test_whatever_is_broken_in_a_zip_it_is_read_or_refused(at, junk, cut):
    data = zipped().getvalue()
    place = int(at * len(data))
    broken = data[:place] + junk + (b"" if cut else data[place + len(junk) :])
    with contextlib.suppress(ReadyMadeError, PictureError):
        upload = read(io.BytesIO(broken))
        for item in upload.items:
            upload.source.read(item.file)
