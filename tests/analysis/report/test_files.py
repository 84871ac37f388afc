"""PDF, LaTeX and XLSX: files that open and contain the same numbers as the HTML page."""

import io
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from analysis.report import ClipView, ReportContext, write_report
from analysis.report.files.latex import BIBTEX, escape, report_latex
from analysis.report.files.pdf import pdf_project, report_pdf
from analysis.report.files.typesetting import Typesetting, TypstProject, typeset
from analysis.report.files.xlsx import report_xlsx

CONTEXT = ReportContext(title="50% of A&B_C #1 {really}", notices=["Simulated: no findings."])


def pdf_text(content: bytes, folder: Path) -> str:
    tool = shutil.which("pdftotext")
    if tool is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    path = folder / "report.pdf"
    path.write_bytes(content)
    found = subprocess.run([tool, "-layout", str(path), "-"], capture_output=True, check=True)
    return found.stdout.decode()


def test_the_pdf_holds_answer_notice_and_numbers(analysis: dict[str, Any], tmp_path: Path) -> None:
    text = " ".join(pdf_text(report_pdf(analysis, CONTEXT), tmp_path).split())
    for wanted in ("50% of A&B_C #1 {really}", "Yes, for music like this", "Simulated: no findings.", "341"):
        assert wanted in text


def test_a_long_list_of_clips_fits_the_pages_of_a_pdf(analysis: dict[str, Any], tmp_path: Path) -> None:
    row = analysis["by_clip"]["clip 1"]
    analysis["by_clip"] = {f"clip {n}": row for n in range(1, 201)}
    analysis["n_clips"] = 200
    text = pdf_text(report_pdf(analysis, CONTEXT), tmp_path)
    assert "clip 200" in text
    assert 5 <= text.count("\f") <= 20


def test_a_digest_does_not_leave_its_column_of_the_pdf(analysis: dict[str, Any]) -> None:
    context = ReportContext(title="T", checklists=[("HEDS", [("3.3.1", "Preregistration", f"SHA-256 {'0f' * 32}.")])])
    report = json.loads(pdf_project(analysis, context).files["report.json"])
    assert report["checklists"][0]["rows"] == [["3.3.1", "Preregistration", f"SHA-256 {'0f' * 16}\u200b{'0f' * 16}."]]


def test_the_korean_pdf_is_made(analysis: dict[str, Any]) -> None:
    context = ReportContext(title="음악과 그림", language="ko")
    assert report_pdf(analysis, context).startswith(b"%PDF")


# Names as people give files: what TeX reads as commands, options, ligatures, or cannot see.
ODD_NAMES = [
    "[01] a_b & 50%#.wav",
    "*star* ~x^2 $5.wav",
    "back\\slash {br}.wav",
    "--take--2's ''.wav",
    '`q` "dq" <a>|b.wav',
    "Ünïcode\u200b – “x” ‘y’ €….wav",
]


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        (r"a_b & 5% {x} \y #1", r"a\_b \& 5\% \{x\} \textbackslash{}y \#1"),
        ("~^$", r"\textasciitilde{}\textasciicircum{}\$"),
        ("[1] *", "{[}1{]} {*}"),  # at the beginning of a row these would be an option of the row before
        ("a--b, '' ,,", "a-{}-b, '{}' ,{},"),
        ("1–2 “x”", "1--2 ``x''"),
        ("tab\there\nand\u200bthere\x07", "tab here andthere"),
        ("음악을(를)", "음악을"),
    ],
)
def test_latex_escapes_what_it_would_take_for_a_command(text: str, latex: str) -> None:
    assert escape(text) == latex


@pytest.mark.parametrize(
    ("title", "program"),
    [
        ("plain", "pdflatex"),
        ("Müller – Ångström, “žluť” ‘x’ €5", "pdflatex"),
        ("Ħal Għaxaq", "xelatex"),  # Latin, but not in T1
        ("Nguyễn", "xelatex"),
        ("음악과 그림", "xelatex"),
        ("Музыка", "xelatex"),
    ],
)
def test_the_first_line_of_latex_names_the_program_that_can_set_its_letters(
    analysis: dict[str, Any], title: str, program: str
) -> None:
    source = report_latex(analysis, ReportContext(title=title))
    assert source.startswith(f"% Compile with {program}, bibtex, {program}, {program}")
    assert (r"\tracinglostchars=3" in source) == (program == "xelatex")  # a letter without a glyph is an error
    assert (r"\setmainfont{DejaVu Serif}" in source) == (title == "Музыка")


def test_latex_is_whole_and_its_tables_have_even_rows(analysis: dict[str, Any]) -> None:
    source = report_latex(analysis, CONTEXT)
    begun = re.findall(r"\\begin\{(\w+)\}", source)
    assert sorted(begun) == sorted(re.findall(r"\\end\{(\w+)\}", source))
    assert source.count("{") - source.count(r"\{") == source.count("}") - source.count(r"\}")
    for columns, body in re.findall(
        r"\\begin\{tabular\}\{((?:[lr]|>\{[^}]*\}p\{[^}]*\})+)\}(.*?)\\end\{tabular\}", source, re.S
    ):
        columns = re.sub(r">\{[^}]*\}p\{[^}]*\}", "l", columns)
        for line in body.splitlines():
            if line.endswith(r"\\") and r"\multicolumn" not in line:
                assert len(re.findall(r"(?<!\\)&", line)) + 1 == len(columns), line


@pytest.mark.skipif(shutil.which("xelatex") is None, reason="no LaTeX is installed")
@pytest.mark.parametrize(
    ("program", "title", "language"),
    [
        ("pdflatex", r"50% of A&B_C #1 {really} ~x^2 \cmd $5", "en"),
        ("xelatex", "음악 & 그림 100%_#1", "en"),
        ("xelatex", "음악과 그림", "ko"),
        ("xelatex", "Музыка, 音楽", "en"),
    ],
)
def test_latex_compiles_with_odd_names_and_figures(
    analysis: dict[str, Any], program: str, title: str, language: str, tmp_path: Path
) -> None:
    points = list(analysis["by_clip"].values())
    analysis["by_clip"] = dict(zip(ODD_NAMES, points, strict=True))
    write_report(analysis, tmp_path, ReportContext(title=title, language=language))
    for command in (program, "bibtex", program, program):
        arguments = ["report"] if command == "bibtex" else ["-interaction=nonstopmode", "-halt-on-error", "report.tex"]
        done = subprocess.run([command, *arguments], cwd=tmp_path, capture_output=True, check=False)
        assert done.returncode == 0, done.stdout.decode(errors="replace")[-3000:]
    log = (tmp_path / "report.log").read_text(encoding="utf-8", errors="replace")
    assert "Missing character" not in log
    assert "There were undefined references" not in log
    text = pdf_text((tmp_path / "report.pdf").read_bytes(), tmp_path)
    for wanted in (title.split()[0], "--take--2's ''", "[01] a_b & 50%#", "*star* ~x^2 $5", "back\\slash {br}"):
        assert wanted in text
    assert text.count("Figure ") + text.count("그림 ") >= 5


@pytest.mark.skipif(shutil.which("xelatex") is None, reason="no LaTeX is installed")
def test_a_letter_that_no_font_has_stops_latex_instead_of_leaving_a_gap(
    analysis: dict[str, Any], tmp_path: Path
) -> None:
    source = report_latex(analysis, ReportContext(title="Music \U000e0b5a"))
    assert "\U000e0b5a" in source
    silent = source.replace(r"\tracinglostchars=3", "")
    for text, code in ((source, 1), (silent, 0)):
        (tmp_path / "report.tex").write_text(text, encoding="utf-8")
        command = ["xelatex", "-interaction=nonstopmode", "-halt-on-error", "report.tex"]
        assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == code


def test_every_reference_is_closed_and_named_once() -> None:
    keys = re.findall(r"^@\w+\{(\w+),$", BIBTEX, re.M)
    assert len(keys) == len(set(keys)) >= 5
    assert BIBTEX.count("{") == BIBTEX.count("}")


def test_the_workbook_has_full_precision_and_no_formula(analysis: dict[str, Any]) -> None:
    analysis["by_clip"] = {"=cmd()": analysis["by_clip"]["clip 1"]}
    book = load_workbook(io.BytesIO(report_xlsx(analysis)))
    scores = {row[0]: row[1:] for row in book["scores"].iter_rows(min_row=2, values_only=True)}
    assert scores["redefined_sentence"][:2] == pytest.approx((341, 341 / 180), abs=1e-12)
    assert all(cell.data_type != "f" for sheet in book for row in sheet.iter_rows() for cell in row)


def test_a_pdf_with_images_of_the_clips_is_made(analysis: dict[str, Any]) -> None:
    dot = (
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5E"
        "rkJggg=="
    )
    clips = [ClipView(f"clip {n}", f"clip {n}", {"original_tags": dot}) for n in range(1, 7)]
    assert report_pdf(analysis, ReportContext(title="t", clips=clips)).startswith(b"%PDF")


def test_typst_is_not_loaded_in_this_process(analysis: dict[str, Any]) -> None:
    assert report_pdf(analysis, CONTEXT).startswith(b"%PDF")
    assert "typst" not in sys.modules


def test_an_error_of_typst_is_reported(
    analysis: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "report.typ"
    broken.write_text("#no-such-thing()", encoding="utf-8")
    monkeypatch.setattr("analysis.report.files.pdf._TEMPLATE", broken)
    with pytest.raises(RuntimeError, match="no-such-thing"):
        report_pdf(analysis, CONTEXT)


# In a process of its own, because Typst must not be loaded in this one.
EMPTY_ENDS = """
import io, json, sys
from pathlib import Path
import numpy as np
import typst
from PIL import Image
empty = []
for page in typst.compile(Path(sys.argv[1]) / "main.typ", format="png", ppi=20):
    dark = np.asarray(Image.open(io.BytesIO(page)).convert("L")) < 200
    height = len(dark)
    rows = np.flatnonzero(dark[: int(0.92 * height)].any(axis=1))
    empty.append(1 - int(rows[-1]) / (0.93 * height))
print(json.dumps(empty))
"""


def _empty_ends(data: dict[str, Any], language: str, folder: Path) -> list[float]:
    """The share of each page below its last line."""
    for name, text in pdf_project(data, ReportContext(title="T", language=language)).files.items():
        (folder / name).write_text(text, encoding="utf-8")
    done = subprocess.run([sys.executable, "-c", EMPTY_ENDS, str(folder)], capture_output=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("clips", [6, 12, 24])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_no_page_of_the_pdf_is_a_third_empty(
    analysis: dict[str, Any], clips: int, language: str, tmp_path: Path
) -> None:
    row = analysis["by_clip"]["clip 1"]
    analysis |= {"n_clips": clips, "by_clip": {f"clip {n}": row for n in range(1, clips + 1)}}
    answers = [{"name": f"clip {n}", "estimate": 2.0, "ci95": [1.0, 3.0]} for n in range(1, clips + 1)]
    analysis["sensitivity"] = analysis.get("sensitivity", {}) | {
        "clips": {"units": clips, "same_best": clips, "answers": answers}
    }
    empty = _empty_ends(analysis, language, tmp_path)
    assert len(empty) >= 3
    assert max(empty[:-1]) < 1 / 3


def test_typst_says_what_is_wrong_and_no_process_stays() -> None:
    with pytest.raises(RuntimeError, match=r"(?s)could not be typeset: .*unclosed"):
        typeset([TypstProject({"main.typ": "#text("})])
    with Typesetting() as unused:
        process = unused._process
    assert process.returncode is not None
