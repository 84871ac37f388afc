"""The HTML report: complete, in one file, without the blocks that do not apply."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from analysis.report import ClipView, ReportContext, render_report, write_report
from analysis.report.contents import with_default_views
from analysis.report.figures.figure import Figure
from analysis.report.figures.figure_list import figure_list, weight_crossings


class Resources(HTMLParser):
    """Collects every address that a browser would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name in ("src", "href", "xlink:href", "srcset") and value:
                self.found.append(value)


def test_the_report_fetches_nothing_from_outside(analysis: dict[str, Any]) -> None:
    clips = [ClipView("clip 1", "clip 1", {"redefined_tags": "data:image/png;base64,AAAA"})]
    page = render_report(analysis, ReportContext(title="A study", clips=clips))
    resources = Resources()
    resources.feed(page)
    links = {address[1:] for address in resources.found if address.startswith("#")}  # the table of contents
    assert all(address.startswith("data:") for address in resources.found if not address.startswith("#"))
    assert links
    assert all(f'id="{link}"' in page for link in links)
    assert "<script" not in page
    # The policy of a saved file governs only what follows it.
    policy = page.index('<meta http-equiv="Content-Security-Policy" content="default-src &#x27;none&#x27;;')
    assert policy < page.index("<style")
    assert "@import" not in page
    assert "url(http" not in page


def test_the_report_contains_the_table_of_points(analysis: dict[str, Any]) -> None:
    page = render_report(analysis, ReportContext(title="A study"))
    row = re.search(r"Redefined sentence</td>(.*?)</tr>", page, re.S)
    assert row is not None
    assert re.findall(r"<td[^>]*>([^<]*)</td>", row.group(1))[:7] == [
        "44",
        "79",
        "53",
        "50",
        "69",
        "46",
        "341",
    ]


def test_every_figure_is_well_formed_and_described(analysis: dict[str, Any]) -> None:
    page = render_report(analysis, ReportContext(title="A study"))
    figures = re.findall(r'<figure tabindex="0">(<svg.*?</svg>)', page, re.S)
    assert len(figures) == 7
    for figure in figures:
        tree = ElementTree.fromstring(figure)
        assert tree.find("{http://www.w3.org/2000/svg}title") is not None
        assert tree.find("{http://www.w3.org/2000/svg}desc") is not None


def test_texts_are_escaped(analysis: dict[str, Any]) -> None:
    evil = "<script>alert(1)</script>"
    analysis["by_clip"] = {evil: analysis["by_clip"]["clip 1"]}
    page = render_report(analysis, ReportContext(title=evil, notices=[evil], facts=[evil]))
    assert "<script" not in page
    # The policy of a saved file governs only what follows it.
    policy = page.index('<meta http-equiv="Content-Security-Policy" content="default-src &#x27;none&#x27;;')
    assert policy < page.index("<style")


@pytest.mark.parametrize(
    "block",
    [
        "primary",
        "secondary",
        "friedman",
        "kendall_w",
        "permutation",
        "plackett_luce",
        "factorial",
        "position_bias",
        "drop_out",
    ],
)
def test_a_block_that_does_not_apply_is_left_out(analysis: dict[str, Any], block: str) -> None:
    analysis[block] = None
    page = render_report(analysis, ReportContext(title="A study"))
    assert "None" not in page


def test_a_study_of_three_conditions_without_factors_is_reported(analysis: dict[str, Any]) -> None:
    for name in ("primary", "secondary", "factorial", "plackett_luce"):
        analysis[name] = None
    keys = ["flux", "sdxl", "turbo"]
    analysis["conditions"] = keys
    analysis["scores"] = dict(zip(keys, list(analysis["scores"].values())[:3], strict=True))
    analysis["by_clip"] = {
        clip: dict(zip(keys, list(row.values())[:3], strict=True)) for clip, row in analysis["by_clip"].items()
    }
    analysis["pairwise"] = []
    page = render_report(analysis, ReportContext(title="Models"))
    assert "Flux" in page
    assert "For these clips, people" in page


def test_crossings_of_the_weight_lines_are_exact() -> None:
    assert weight_crossings([(0.5, 0.1), (0.4, 0.3)]) == [0.5]
    assert weight_crossings([(0.5, 0.1), (0.4, 0.1)]) == []
    assert weight_crossings([(0.5, 0.3), (0.4, 0.1)]) == []


def figures_of(data: dict[str, Any]) -> list[Figure]:
    return figure_list(data, with_default_views(data, ReportContext(title="A study")))


@pytest.mark.parametrize(
    ("reached", "shown", "hidden"),
    [
        ([12, 12, 11], ["answer 1", "answer 2", "answer 3"], "answers 1"),
        ([12] * 14 + [11] * 22, ["answers 1–14", "answers 15–36"], "answer 2<"),
        (list(range(60, 0, -1)), ["answer 1<", "answer 4<", "answer 58<"], "answer 2<"),
    ],
)
def test_bars_of_many_answers_are_few(
    analysis: dict[str, Any], reached: list[int], shown: list[str], hidden: str
) -> None:
    analysis["drop_out"] = {"reached": reached}
    (drawing,) = (figure.svg for figure in figures_of(analysis) if figure.key == "drop-out")
    assert [text for text in shown if text not in drawing] == []
    assert hidden not in drawing
    assert drawing.count(">answer") <= 24


def test_the_files_of_a_report_hold_the_same_numbers(analysis: dict[str, Any], tmp_path: Path) -> None:
    files = write_report(analysis, tmp_path / "out")
    assert all(path.stat().st_size for path in files)
    scores = (tmp_path / "out" / "scores.csv").read_text(encoding="utf-8")
    assert "redefined_sentence,341.0," in scores
    assert len((tmp_path / "out" / "by_clip.csv").read_text(encoding="utf-8").splitlines()) == 1 + 24
