"""Tables, methods and references for a paper, in LaTeX with the package booktabs."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from analysis.report.contents import report_contents, with_default_views
from analysis.report.context import ReportContext
from analysis.report.figures.figure import Figure
from analysis.report.questions import QuestionBlock
from analysis.report.tables.text_tables import TextTable, text_tables
from analysis.report.text.korean_particles import with_particles

BIBTEX = (Path(__file__).parent / "references.bib").read_text(encoding="utf-8")
_SPECIAL = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "`": r"\textasciigrave{}",
    '"': r"\textquotedbl{}",
    # After the end of a table's row, a rule or \item these would begin an option.
    "[": "{[}",
    "]": "{]}",
    "*": "{*}",
    "\u00a0": "~",
    "\u00ad": r"\-",
    "<": r"$<$",
    ">": r"$>$",
    "−": r"$-$",
    "×": r"$\times$",
    "χ²": r"$\chi^2$",
    "χ": r"$\chi$",
    "²": r"$^2$",
    "α": r"$\alpha$",
    "κ": r"$\kappa$",
    "σ": r"$\sigma$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "±": r"$\pm$",
    "–": "--",
    "—": "---",
    "“": "``",
    "”": "''",
    "·": r"$\cdot$",
    "…": r"\ldots{}",
}
_PATTERN = re.compile("|".join(map(re.escape, sorted(_SPECIAL, key=len, reverse=True))))
# Fonts join these to a dash or a quotation mark: "take--2", a name, would become "take–2".
_LIGATURE = re.compile(r"([-',])(?=\1)")
# What pdfLaTeX cannot set: all but Latin letters of its encoding T1, and the punctuation of its package textcomp.
_BEYOND_PDFLATEX = re.compile(r"[^\n\x20-\x7e\xa1-\u017e‘’‚„†‡•‰‹›€™←→↑↓]|[ĦħĸĿŀŉŦŧ]")
# Letters that XeLaTeX's own font and kotex have between them; others need a font with more scripts.
_LATIN_OR_CJK = re.compile(
    r"[\x00-\u024f\u1e00-\u1eff\u2000-\u22ff\u1100-\u11ff\u3000-\u9fff\ua960-\ud7ff\uf900-\ufaff\uff00-\uffef]*"
)


def escape(text: str) -> str:
    """The text with every character escaped that LaTeX would read as a command, join or refuse."""
    visible = "".join(
        " " if character.isspace() and character != "\u00a0" else character
        for character in with_particles(text)
        if character.isspace() or character == "\u00ad" or unicodedata.category(character) not in ("Cc", "Cf", "Cs")
    )
    return _PATTERN.sub(lambda found: _SPECIAL[found[0]], _LIGATURE.sub("\\1\0", visible)).replace("\0", "{}")


def _table(table: TextTable) -> str:
    columns = "l" + "".join(_column(table, index) for index in range(1, len(table.header)))
    wide = len(table.header) > 6
    lines = [
        r"\begin{table}[htbp]",
        r"  \centering\small",
        rf"  \caption{{{escape(table.title)}}}\label{{tab:{table.key}}}",
        *([r"  \resizebox{\textwidth}{!}{%"] if wide else []),
        rf"  \begin{{tabular}}{{{columns}}}",
        r"    \toprule",
        *_groups(table),
        "    " + " & ".join(escape(name) for name in table.header) + r" \\",
        r"    \midrule",
        *("    " + " & ".join(escape(cell) for cell in row) + r" \\" for row in table.rows),
        r"    \bottomrule",
        r"  \end{tabular}" + ("}" if wide else ""),
    ]
    if table.note:
        lines.append(rf"  \par\smallskip\footnotesize {escape(table.note)}")
    return "\n".join([*lines, r"\end{table}"])


def _figure(figure: Figure) -> str:
    """A figure from the folder `figures`; the document compiles without the folder too."""
    path = f"figures/{figure.key}.pdf"
    title = figure.title if figure.title.endswith("?") else f"{figure.title}."
    return "\n".join(
        [
            rf"\IfFileExists{{{path}}}{{\begin{{figure}}[htbp]",
            rf"  \centering\includegraphics[width=\textwidth,height=0.85\textheight,keepaspectratio]{{{path}}}",
            rf"  \caption{{{escape(title)} {escape(figure.caption)}}}\label{{fig:{figure.key}}}",
            r"\end{figure}}{}",
        ]
    )


def _interface(figures: Sequence[Figure]) -> list[str]:
    """The pages that participants saw, in an appendix."""
    return [rf"\subsection*{{{escape(_('The interface'))}}}", *map(_figure, figures)] if figures else []


def _block(block: QuestionBlock) -> list[str]:
    """What is said of one question."""
    return [
        rf"\subsection*{{{escape(block.title)}}}",
        *(escape(text) + r"\par" for text in (block.text, block.answer, *block.warnings) if text),
        *map(_table, block.tables),
        *map(_figure, block.figures),
    ]


def _column(table: TextTable, index: int) -> str:
    """The column type: numbers right, words left, long texts in a paragraph of fixed width."""
    if index not in table.left:
        return "r"
    long = [column for column in table.left if max(len(row[column]) for row in table.rows) > 40]
    if index not in long:
        return "l"
    return rf">{{\raggedright\arraybackslash}}p{{{min(0.38, 0.7 / len(long)):.2f}\textwidth}}"


def _groups(table: TextTable) -> list[str]:
    """The row of headings above the header, with a rule below each."""
    if not table.groups:
        return []
    cells, rules, column = [], [], 1
    for name, span in table.groups:
        cells.append(rf"\multicolumn{{{span}}}{{c}}{{{escape(name)}}}")
        if name:
            rules.append(rf"\cmidrule(lr){{{column}-{column + span - 1}}}")
        column += span
    return ["    " + " & ".join(cells) + r" \\", "    " + "".join(rules)]


def report_latex(data: Mapping[str, Any], context: ReportContext, *, alpha: float = 0.05) -> str:
    """A complete document of methods, tables, figures and limits; \\input its contents or compile it as it is.

    The first line names the program to compile it with. Korean is set through kotex, by XeLaTeX.
    """
    with translation.override(context.language):
        context = with_default_views(data, context)
        contents = report_contents(data, context, alpha)
        body: list[str] = [
            rf"\section*{{{escape(context.title)}}}",
            *(rf"\emph{{{escape(notice)}}}\par" for notice in context.notices),
            escape(contents["answer"]),
            rf"\subsection*{{{escape(_('Methods'))}}}",
            *(escape(text) + r"\par" for text in contents["methods"]),
            *_deviations(contents["deviations"]),
            *(_table(table) for table in text_tables(data, context, contents)),
            *(_figure(figure) for figure in contents["figures"]),
            *(line for block in contents["blocks"] for line in _block(block)),
            rf"\subsection*{{{escape(_('Limits'))}}}",
            r"\begin{itemize}",
            *(rf"  \item {escape(text)}" for text in contents["limits"]),
            r"\end{itemize}",
            *_interface(contents["interface"]),
            r"\nocite{*}\bibliographystyle{plain}\bibliography{references}",
        ]
    return _document(body)


# Fonts for Hangul and Han that have every letter of them, if they are installed; else those of kotex.
_FONTS = [
    r"\IfFontExistsTF{Noto Serif CJK KR}"
    r"{\setmainhangulfont{Noto Serif CJK KR}\setmainhanjafont{Noto Serif CJK KR}}{}"
]
# The first installed font with Greek, Cyrillic and more.
_MORE_SCRIPTS = "\n".join(
    [
        *(rf"\IfFontExistsTF{{{font}}}{{\setmainfont{{{font}}}}}{{" for font in ("DejaVu Serif", "FreeSerif")),
        r"\IfFontExistsTF{Times New Roman}{\setmainfont{Times New Roman}}{}}}",
    ]
)


def _deviations(texts: Sequence[str] | None) -> list[str]:
    if texts is None:
        return []
    heading = rf"\subsection*{{{escape(_('Deviations from the plan'))}}}"
    return [heading, *(escape(text) + r"\par" for text in texts)]


def _document(body: Sequence[str]) -> str:
    text = "\n".join(body)
    # Also an English report may name clips and conditions in another script, which pdfLaTeX cannot set.
    if _BEYOND_PDFLATEX.search(text):
        first = "% Compile with xelatex, bibtex, xelatex, xelatex: it has letters beyond Latin. Needs package kotex."
        fonts = [r"\usepackage{fontspec}", r"\usepackage{kotex}", *_FONTS]
        if not _LATIN_OR_CJK.fullmatch(text):
            fonts.append(_MORE_SCRIPTS)
        # A letter that no font has is an error, not a gap that nobody sees.
        fonts.append(r"\tracinglostchars=3")
    else:
        first = "% Compile with pdflatex, bibtex, pdflatex, pdflatex."
        fonts = [
            r"\pdfminorversion=7  % that of the figures",
            r"\usepackage[utf8]{inputenc}\usepackage[T1]{fontenc}\IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}",
        ]
    return "\n".join(
        [
            first,
            r"\documentclass{article}",
            *fonts,
            r"\usepackage{array,booktabs,graphicx,textcomp}\usepackage[margin=2cm]{geometry}",
            r"\begin{document}",
            *body,
            r"\end{document}",
            "",
        ]
    )
