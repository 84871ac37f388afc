"""A text that leaks is named in whichever file it stands: workbooks, zips of figures, and beside the pages of a PDF."""

import io
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from analysis.report.files.typesetting import TypstProject, typeset
from config.deposits import file_texts, paths
from config.deposits.personal.search import Search
from config.deposits.written_texts import is_written_text, written_findings

MAIL = "jo@example.org"


def found_in(folder: Path, name: str, content: bytes) -> list[tuple[str, str]]:
    """Where something was found in a file of this name, and what of it is shown."""
    (folder / name).parent.mkdir(exist_ok=True, parents=True)
    (folder / name).write_bytes(content)
    search = Search(["Minho Lee"], ["mina@example.org"])
    found = list(written_findings(folder, [], search, codes={"r0007"}, seed=20261103))
    assert {one.accept_as for one in found} <= {name}
    assert is_written_text(name)
    assert all(one.blocks for one in found)
    return [(one.where, one.example) for one in found]


def workbook(cell: object = "a", *, sheet: str = "scores", creator: str = "openpyxl") -> bytes:
    book, out = Workbook(), io.BytesIO()
    book.active.title, book.properties.creator = sheet, creator
    book.active.append(["condition", 0.3712345678, cell])
    book.active.append([126.978, 37.566])  # beside each other a place; each in its cell is none
    book.save(out)
    return out.getvalue()


def zipped(**files: bytes | str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(f"figures/{name.replace('_', '.')}", content)
    return out.getvalue()


def picture(text: str) -> bytes:
    info, out = PngInfo(), io.BytesIO()
    info.add_text("Comment", text)
    Image.new("RGB", (2, 2)).save(out, "PNG", pnginfo=info)
    return out.getvalue()


def document(words: str) -> bytes:
    return typeset([TypstProject({"main.typ": words})])[0]


def test_a_leak_in_a_workbook_is_named(tmp_path: Path) -> None:
    assert found_in(tmp_path, "report.xlsx", workbook()) == []
    where = "report.xlsx, xl/worksheets/sheet1.xml"
    assert found_in(tmp_path, "report.xlsx", workbook(20261103)) == [(where, "")]
    assert found_in(tmp_path, "report.xlsx", workbook("r0007")) == [(where, "r0007")]
    places = [place for place, _shown in found_in(tmp_path, "report.xlsx", workbook(sheet=MAIL))]
    assert "report.xlsx, xl/workbook.xml" in places
    by = found_in(tmp_path, "report.xlsx", workbook(creator="Minho Lee"))
    assert by == [("report.xlsx, docProps/core.xml", "M•••• L••")]


@pytest.mark.parametrize(
    ("member", "content"),
    [
        ("a_svg", f'<svg><path d="M0 010-1234-5678"/><text x="1">Write to {MAIL.replace("@", "&#64;")}</text></svg>'),
        ("a_svg", f'<svg aria-label="{MAIL}"/>'),
        ("a_svg", f"<svg><!-- {MAIL} --></svg>"),
        ("a_csv", f"clip,note\na.flac,{MAIL}\n"),
        ("a_png", picture(MAIL)),
        ("a_pdf", document(f'#set document(title: "{MAIL}")\na')),
    ],
    ids=["text", "attribute", "comment", "table", "picture", "document"],
)
def test_a_leak_in_a_file_of_a_zip_is_named(tmp_path: Path, member: str, content: bytes | str) -> None:
    (found,) = set(found_in(tmp_path, "figures-en.zip", zipped(**{member: content})))
    assert found == (f"figures-en.zip, figures/{member.replace('_', '.')}", "j•@e••••••.o••")


def test_a_leak_beside_the_pixels_of_a_page_s_picture_is_named(tmp_path: Path) -> None:
    name = f"{paths.INTERFACE}/own-1.png"
    assert found_in(tmp_path, name, picture(MAIL)) == [(name, "j•@e••••••.o••")]
    assert not is_written_text(f"{paths.IMAGES}/001.png"), "they are searched before, by their own keys"


def test_what_a_drawing_is_made_of_and_what_researchers_publish_is_no_leak(tmp_path: Path) -> None:
    drawing = (
        '<svg><style>a{b:"010-1234-5678"}</style><path d="M0 010-1234-5678"/><text>126.978</text><text>37.5</text>'
    )
    files = {"a_svg": f"{drawing}</svg>", "a_csv": "clip,note\na.flac,mina@example.org\n", "a_png": picture("2 × 2")}
    assert found_in(tmp_path, "figures-en.zip", zipped(**files)) == []
    assert found_in(tmp_path, "report-en.pdf", document('#set document(title: "A study", author: "Kim")\na')) == []


@pytest.mark.parametrize(
    "words",
    [
        f'#set document(author: "Mína {MAIL}")\na',
        f'#link("mailto:{MAIL}")[here]',
        "= Write to jo\\@example.org\n",
        f'#figure(rect(), alt: "{MAIL}")',
    ],
    ids=["author", "link", "heading", "alternative text"],
)
def test_a_leak_beside_the_pages_of_a_pdf_is_named(tmp_path: Path, words: str) -> None:
    assert set(found_in(tmp_path, "report-en.pdf", document(words))) == {("report-en.pdf", "j•@e••••••.o••")}


def test_what_cannot_be_searched_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found_in(tmp_path, "report.xlsx", b"no zip") == [("report.xlsx", "")]
    inner = zipped(b_zip=zipped(a_csv=MAIL))
    assert found_in(tmp_path / "b", "figures-en.zip", inner) == [("figures-en.zip, figures/b.zip", "")]
    assert found_in(tmp_path / "c", "a.json", b"{") == [("a.json", "")]
    assert found_in(tmp_path / "d", "a.csv", b"\xff") == [("a.csv", "")]
    monkeypatch.setattr(file_texts, "MOST_BYTES", 1000)
    assert found_in(tmp_path / "e", "a.zip", zipped(a_csv=bytes(2000))) == [("a.zip, figures/a.csv", "")]
    assert found_in(tmp_path / "f", "a.pdf", bytes(2000)) == [("a.pdf", "")]
    monkeypatch.setattr(file_texts, "MOST_MEMBERS", 1)
    assert found_in(tmp_path / "g", "a.zip", zipped(a_csv="a", b_csv="b")) == [("a.zip", "")]
