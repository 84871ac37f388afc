"""The Korean texts keep the rules and the words of docs/korean.md."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
import yaml
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
HANGUL = re.compile("[가-힣]")
QUOTED = re.compile("“([^”]*)”")
LITERAL = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""")
# What only participants see, and the pages of faults that researchers see too.
PARTICIPANTS = (
    "templates/survey",
    "study/survey",
    "study/ballots/answers.py",
    "study/ballots/casting.py",
    "study/ballots/permission.py",
    "study/instruments/answers.py",
    "study/instruments/shipped_titles.py",
    "study/participants/completion.py",
    "study/participants/enrolment.py",
    "study/participants/invitation_texts.py",
    "study/participants/question_form.py",
    "study/participants/withdrawal.py",
)
# The question, consent and instructions that ship: open studies show them, so they stay as they are.
SHIPPED = "study/texts.py"
FAULTS = ("templates/*.html", "config/requests", "config/service_faults", "config/accounts/hashing.py")
# Here both forms of a particle are written: the report chooses (analysis/report/text/korean_particles.py).
REPORT = ("analysis/report",)
PARTICLES = re.compile(r"을\(를\)|은\(는\)|이\(가\)|[와과]\([와과]\)|\(으\)로|\(이\)[나라]")
FAMILIAR = re.compile(r"[아어여해예에워와려]요(?=[.?!…)”]|$)", re.MULTILINE)
SAID_ASIDE = {"딱", "owner/name@커밋"}  # quoted without a quotation in English


@cache
def korean() -> dict[str, str]:
    """The Korean of each message of the catalogue."""
    with (ROOT / "locale/ko/LC_MESSAGES/django.po").open("rb") as file:
        catalogue = read_po(file, locale="ko")
    one = {message.id: message.string for message in catalogue if message.id}
    return {
        str(source if isinstance(source, str) else source[0]): str(target if isinstance(target, str) else target[0])
        for source, target in one.items()
        if target
    }


def _leaves(data: object) -> list[str]:
    values = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return [data] if isinstance(data, str) else [leaf for value in values for leaf in _leaves(value)]


@cache
def texts() -> list[str]:
    """Every Korean text that people read: the catalogue, the question sets that ship, the pages of the web server."""
    question_sets = (ROOT / "study/participants/question_sets").glob("*.yaml")
    found = [leaf for path in question_sets for leaf in _leaves(yaml.safe_load(path.read_text(encoding="utf-8")))]
    pages = [*(ROOT / "deploy/nginx/pages").glob("*.html"), ROOT / "templates/500.html"]
    found += [line for page in pages for line in page.read_text(encoding="utf-8").splitlines()]
    return [*korean().values(), *(text for text in found if HANGUL.search(text))]


def sources_in(*places: str) -> set[str]:
    """The messages of the catalogue that the files in these places contain."""
    paths = [path for place in places for path in ROOT.glob(place)]
    files = [file for path in paths for file in ([path] if path.is_file() else path.rglob("*"))]
    literals: set[str] = set()
    for file in files:
        if file.suffix == ".py":
            nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            literals |= {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
        elif file.suffix == ".html":
            calls = templatize(file.read_text(encoding="utf-8"), str(file))
            literals |= {str(ast.literal_eval(literal)) for literal in LITERAL.findall(calls)}
    return literals & korean().keys()


def words() -> dict[str, list[str]]:
    """The words of each row of the table and what may not be written in their place."""
    text = (ROOT / "docs/korean.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \|[^|]*\|([^|]*)\|[^|]*\|$", text, re.MULTILINE)
    return {row: [word.strip() for word in others.split(",") if word.strip()] for row, others in rows[1:]}


def test_words_that_mean_another_thing_are_not_written() -> None:
    table = words()
    assert len(table) > 40
    assert "문항" in table["trial"]
    wrong = [(row, word, text) for row, others in table.items() for word in others for text in texts() if word in text]
    assert wrong == []


def test_participants_are_asked_warmly_and_researchers_briefly() -> None:
    asked = sources_in(*PARTICIPANTS)
    assert {"Start", "Choose your 1st.", "You have withdrawn"} <= asked
    assert [korean()[text] for text in asked if re.search("(?<!주)(?<!지 마)세요", korean()[text])] == []
    console = korean().keys() - asked - sources_in(*FAULTS, SHIPPED)
    assert {"Save the plan", "Choose a file first."} <= console
    assert [korean()[text] for text in console if "주세요" in korean()[text]] == []
    assert FAMILIAR.search("바뀐 것은 없어요.")
    assert [text for text in texts() if FAMILIAR.search(text)] == []


def test_headings_do_not_ask_without_politeness() -> None:
    asks = re.compile(r"[가까]\?")
    assert asks.search("위치는 공정했는가?")
    assert [text for text in texts() if asks.search(text)] == []


def test_particles_do_not_depend_on_a_name_outside_the_report() -> None:
    console = korean().keys() - sources_in(*REPORT)
    assert any(PARTICLES.search(text) for text in korean().values()), "the report's"
    assert [korean()[text] for text in console if PARTICLES.search(korean()[text])] == []
    alone = re.compile(r"%\((?!letter|first|second)\w+\)s”?(을|를|은|는|이|가|와|과)(?![가-힣(])")
    assert [text for text in korean().values() if alone.search(text)] == []


@pytest.mark.parametrize(
    ("fault", "pattern"),
    [
        ("95 % 신뢰구간", r"(?:\d|\)s) %%?(?![(\w])"),
        ("‘다음’을", "[‘’]|(?<![a-z])'"),
        ("15 ~ 60초", r"\S ~|~ \S"),
        ("400MB까지", r"(?:\d|[sdf}])(?:MB|GiB|MiB|Hz|dB|kbit)"),
        ("기다리는 중...", r"\.\.\."),
        ("두 칸  띄기", r"\S  "),
    ],
)
def test_signs_are_written_in_one_way(fault: str, pattern: str) -> None:
    assert re.search(pattern, fault)
    assert [text for text in texts() if HANGUL.search(text) and re.search(pattern, text)] == []


def test_what_a_text_quotes_is_on_the_page() -> None:
    """A quoted button, page or field has the words that it is translated by."""
    wrong, compared = [], 0
    shown = set(korean().values())
    for source, target in korean().items():
        said = set(QUOTED.findall(target))
        names = set(QUOTED.findall(source))
        meant = names & korean().keys()
        compared += len(meant)
        wrong += [(target, name) for name in meant if not {name, korean()[name]} & said]
        strange = {name for name in said - shown - SAID_ASIDE if HANGUL.search(name) and not re.search(r"%\(|\{", name)}
        wrong += [(target, name) for name in strange if len(strange) > len(names - meant)]  # examples are translated
    assert compared > 5
    assert wrong == []
