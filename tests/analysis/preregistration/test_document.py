"""The text of a preregistration: the plan in the words of a paper, and nothing that nobody has said."""

import io
import json
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import translation
from docx import Document

from analysis.preregistration.document import Preregistration, preregistration
from analysis.preregistration.files import as_docx, as_json, as_markdown
from analysis.preregistration.forms import AS_PREDICTED, FORMS, OSF
from analysis.study_results.early_stop import plan_early_stop
from analysis.study_results.registration import plan_digest_now, save_registration
from analysis.study_results.smallest_difference import plan_smallest
from study.instruments.presets import PRESETS
from study.models import Study
from study.setup.lifecycle import current_plan
from tests.analysis.answered_studies import answered_study
from tests.analysis.preregistration.seed_study import DIRECTION, seed_study
from tests.factories import make_study

pytestmark = pytest.mark.django_db


def text_of(text: Preregistration, key: str) -> str:
    return next(item.text for item in text.items if item.question.key == key)


def missing_of(text: Preregistration) -> list[str]:
    with translation.override("en"):
        return [str(missing.what) for missing in text.missing]


def test_the_seeds_study_reads_as_its_reviewer_needs_it_and_the_docs_show_it() -> None:
    study = seed_study()
    text = preregistration(study, OSF)
    assert "agreement, drop-out" in text_of(text, "q22")
    assert missing_of(text) == []
    hypotheses = text_of(text, "q2")
    assert hypotheses.startswith(
        "H1 (primary, directional): Images from redefined tags get higher points per answer (3 and 1 for the first "
        "and the second choice) than images from original tags."
    )
    assert "H2 (secondary, non-directional): Images from sentences and images from bare tags differ" in hypotheses
    assert hypotheses.count("H3 (secondary, non-directional)") == 1
    assert "A 2 × 2 factorial design (tags, form), repeated measures" in text_of(text, "q6.question")
    assert "recorded seed 20260101" in text_of(text, "q7")
    assert text_of(text, "q8") == "Registration prior to creation of data"
    assert "6 analysed trials a participant and 180 answers in all" in text_of(text, "q11")
    assert "“Which image do you prefer for this music?”" not in text_of(text, "q15.question")
    assert "1. Which image do you prefer for this music?" in text_of(text, "q15.question")
    assert "did not listen: at least 50 %" in text_of(text, "q20")
    assert "two-way analysis of variance, Satterthwaite's degrees of freedom, two-sided, α = 0.05" in text_of(
        text, "q17.question"
    )
    assert text.digest == plan_digest_now(study)
    assert text.digest in text_of(text, "q23")

    # What is changed in the plan changes the text, and its digest.
    study.alpha = Decimal("0.01")
    study.save()
    changed = preregistration(study, OSF)
    assert changed.digest != text.digest
    assert "α = 0.01" in text_of(changed, "q17.question")

    # The docs show what the code makes.
    docs = (Path(settings.BASE_DIR) / "docs" / "preregistration.md").read_text(encoding="utf-8")
    excerpt = docs.split("<!-- excerpt -->\n")[1].strip()
    made = as_markdown(text)
    shown = [part for part in excerpt.split("\n\n") if part != "…"]
    assert len(shown) > 12
    assert [part for part in shown if part not in made] == []


def test_what_nobody_has_said_is_missing_and_never_invented() -> None:
    text = preregistration(make_study(clips=6), OSF)
    assert missing_of(text) == [
        "the research question in your own words",
        "who may take part",
        "how people are found",
        "where the clips come from",
        "when answers are to be collected",
        "how many people are to take part",
        "the power of the design, or another rationale of the sample size",
    ]
    assert text_of(text, "q11") == ""
    assert "**Missing: how many people are to take part.**" in as_markdown(text)
    assert as_json(text)["missing"]["q11"] == ["how many people are to take part"]
    shown = [paragraph.text for paragraph in Document(io.BytesIO(as_docx(text))).paragraphs]
    assert "Missing: how many people are to take part." in shown
    assert shown.count("Hypotheses") == 1


@pytest.mark.parametrize(
    ("preset", "said", "unsaid"),
    [
        ("pairs", "positions on the page, circular triads, test–retest, drop-out, the primary", "agreement"),
        ("match_and_quality", "positions on the page, agreement, test–retest, drop-out, the primary", "each person"),
    ],
)
def test_of_questions_only_checks_that_the_report_has_are_announced(preset: str, said: str, unsaid: str) -> None:
    study = make_study(clips=6, target_participants=30, repeats=1, instrument=PRESETS[preset])
    text = text_of(preregistration(study, OSF), "q22")
    assert said in text
    assert not [word for word in (unsaid, "fatigue", "other weights") if word in text]


def test_the_tests_are_those_of_the_plan() -> None:
    settings_of_plan = {"second_choice_required": False, "repeats": 1, "trials_per_participant": 4}
    study = make_study(clips=6, target_participants=30, **settings_of_plan)
    plan_early_stop(study, True)
    plan_smallest(study, 0.5)
    text = preregistration(study, OSF)
    assert "agreement, test–retest, drop-out" in text_of(text, "q22")
    assert "of the first choice alone" in text_of(text, "q2")
    assert "e-process" in text_of(text, "q13")
    assert "1/α = 20" in text_of(text, "q13")
    assert "smallest difference that matters is 0.5 points" in text_of(text, "q19")
    assert "Henderson's method III" in text_of(text, "q17.question")
    assert "4 of the 6 clips" in text_of(text, "q11")
    assert "A hidden repeat is averaged" in text_of(text, "q21")

    few = preregistration(make_study(clips=3), OSF)
    assert "Nothing is tested for new clips: with fewer than 5 effective clips" in text_of(few, "q17.question")
    assert "The primary test compares" not in text_of(few, "q17.question")


@pytest.mark.parametrize(
    ("instrument", "conditions", "words"),
    [
        (
            "match_and_quality",
            4,
            ["mean ratings on “How well does the image match the music?” (1 to 7)", "H4 (of another"],
        ),
        ("pairs", 3, ["Images of “Painter a” and images of “Painter b” differ", "H3 (one of the pairs"]),
        ("choose_and_rate", 4, ["points per answer (3 and 1", "of another question"]),
    ],
)
def test_other_instruments_and_designs_have_their_own_hypotheses(
    instrument: str, conditions: int, words: list[str]
) -> None:
    study = make_study(clips=5, conditions=conditions, instrument=PRESETS[instrument])
    text = preregistration(study, AS_PREDICTED)
    assert [word for word in words if word not in text_of(text, "hypothesis")] == []
    if conditions == 3:
        assert "adjusts p over the pairs" in text_of(text, "analyses")
        assert "primary contrast" not in text_of(text, "dependent")


def test_the_text_is_english_whatever_the_page_is_and_asks_in_a_language_that_the_study_has() -> None:
    study = make_study(clips=5, languages=["ko"], question={"ko": "어느 이미지가 어울리나요?"})
    english = preregistration(study, OSF)
    with translation.override("ko"):
        assert preregistration(study, OSF).items == english.items
    assert "어느 이미지가 어울리나요?" in text_of(english, "q15.question")


def test_after_opening_it_is_the_fixed_plan_without_the_names_that_are_sealed() -> None:
    study = answered_study(people=2, clips=2, target_participants=20)
    plan = current_plan(study)
    Study.objects.filter(pk=study.pk).update(plan={"fixed": plan}, plan_digest="a" * 64)
    study.refresh_from_db()
    study.target_participants, study.alpha = 50, Decimal("0.1")
    text = preregistration(study, OSF)
    assert text.is_fixed
    assert "20 participants" in text_of(text, "q11")
    assert "α = 0.1" not in as_markdown(text)
    hidden = {word for row in study.conditions.all() for word in (row.key, row.label)}
    for form in FORMS.values():
        whole = as_markdown(preregistration(study, form)) + json.dumps(as_json(preregistration(study, form)))
        assert [word for word in hidden if word in whole] == []
    assert "2 people of the study's main stage had given answers" in text_of(text, "q9")
    assert "which data exist already" in missing_of(text)
    save_registration(study, {}, existing="none", directions={})
    study.refresh_from_db()
    assert any("no longer true" in what for what in missing_of(preregistration(study, OSF)))
    save_registration(study, {"other": "Late."}, existing="unanalysed", directions={DIRECTION: "less"})
    study.refresh_from_db()
    late = preregistration(study, OSF)
    assert "were last changed on" in text_of(late, "q23")
    assert "Images from original tags get higher points" in text_of(late, "q2")


def test_the_json_has_the_keys_of_the_forms_and_researchers_words_stay_as_they_are() -> None:
    study = make_study(clips=5, description="# A *study* of <b>tags</b>\n- one")
    made = as_json(preregistration(study, OSF))
    keys = {f"q{number}" for number in range(2, 24)}
    objects = {"q6", "q10", "q14", "q15", "q16", "q17"}
    assert made["registration_responses"].keys() == (keys - objects) | {f"{key}.question" for key in objects}
    assert isinstance(made["registration_responses"]["q4"], list)
    assert made["title"] == study.title
    assert made["description"] == study.description
    assert "\\# A \\*study\\* of \\<b>tags\\</b>" in as_markdown(preregistration(study, OSF))
    long = make_study(clips=5, description="word " * 1000)
    marks = {item.question.key: item.is_long for item in preregistration(long, AS_PREDICTED).items}
    assert marks["hypothesis"]
    assert not marks["outliers"]


def test_the_command_prints_or_writes_and_names_what_is_missing(tmp_path: Path) -> None:
    study = make_study(clips=5)

    def run(*words: str) -> tuple[str, str]:
        out, err = io.StringIO(), io.StringIO()
        call_command("preregister", study.slug, *words, stdout=out, stderr=err)
        return out.getvalue(), err.getvalue()

    printed, told = run("--form", "osf")
    assert printed.startswith(f"# {study.title}")
    assert "Missing: who may take part." in told
    assert json.loads(run("--form", "osf", "--json")[0])["form"] == "OSF Preregistration"
    for ending in ("md", "docx", "json"):
        assert run("--form", "aspredicted", "--out", str(tmp_path / f"text.{ending}"))[0] == ""
    assert (tmp_path / "text.md").read_text(encoding="utf-8").startswith(f"# {study.title}")
    assert Document(str(tmp_path / "text.docx")).paragraphs[0].text == study.title
    assert json.loads((tmp_path / "text.json").read_text(encoding="utf-8"))["form"] == "AsPredicted"
    with pytest.raises(CommandError, match=r"ends in \.md, \.docx or \.json"):
        run("--form", "osf", "--out", str(tmp_path / "text.pdf"))
