"""Where a study was registered: recorded with the plan of that time, and compared with what was done in the report."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone, translation
from openpyxl import load_workbook

from analysis.preregistration.document import preregistration
from analysis.preregistration.forms import OSF
from analysis.preregistration.planned import Planned
from analysis.preregistration.sampling import OSF_EXISTING
from analysis.report.files.html import render_report
from analysis.report.files.latex import report_latex
from analysis.report.files.xlsx import report_xlsx
from analysis.study_results.analyses import build_analysis
from analysis.study_results.registered_and_done import registered_and_done
from analysis.study_results.registration import (
    filing_sentence,
    record_filing,
    registered,
    registration_of,
    save_registration,
)
from analysis.study_results.report_context import report_context
from config.bundles.taking_in.settings_format import check_settings
from study.digests import canonical_digest
from study.errors import StudyError
from study.models import Study
from study.setup.copying import copy_study
from study.setup.lifecycle import current_plan
from tests.analysis.answered_studies import answered_study, checklist_answers, close
from tests.analysis.preregistration.seed_study import DIRECTION, seed_study
from tests.config.addresses import browser
from tests.factories import UserFactory, make_study

pytestmark = pytest.mark.django_db
ADDRESS = "https://osf.io/abcde"
OSF_STOPPING = next(question for question in OSF.questions if question.title == "Stopping rule")


def fix_plan(study: Study) -> None:
    """Fix the plan as opening does."""
    plan = current_plan(study)
    study.plan, study.plan_digest = study.plan | {"fixed": plan}, canonical_digest(plan)
    study.save(update_fields=["plan", "plan_digest"])


def file(study: Study, **more: Any) -> None:
    record_filing(study, **{"form": "osf", "address": ADDRESS, "day": timezone.localdate()} | more)
    study.refresh_from_db()


def test_a_filing_keeps_the_plan_of_its_time_and_a_change_before_opening_is_told() -> None:
    study = seed_study()
    file(study)
    filing = registered(study)
    assert filing is not None
    assert filing.digest == canonical_digest(current_plan(study))
    assert filing.directions == {DIRECTION: "more"}
    assert study.log.get(action="registered").data["plan_digest"] == filing.digest
    assert "has not been changed since" in filing_sentence(study, filing)
    check_settings(study)  # as an import does

    study.weight_first = 2
    study.save()
    assert "no longer the one that was registered" in filing_sentence(study, registration_of(study).filed[0])
    fix_plan(study)
    Study.objects.filter(pk=study.pk).update(opened_at=timezone.now())
    study.refresh_from_db()
    words = filing_sentence(study, registration_of(study).filed[0])
    assert "recorded here before the study opened" in words
    assert f"its digest was {filing.digest}, and {study.plan_digest} was fixed" in words

    # What is filed later is added, and does not count: the first came before the opening.
    file(study, address="https://osf.io/later")
    assert registered(study) == registration_of(study).filed[0]
    assert "recorded here after the opening" in filing_sentence(study, registration_of(study).filed[1])
    copied = copy_study(study, title="Again", owner=study.owner)
    assert registration_of(copied).filed == ()
    assert registration_of(copied).answers["question"].startswith("Do corrected tags")


def test_a_late_filing_is_told_as_late_and_an_impossible_one_is_refused() -> None:
    study = make_study(clips=1)
    today = timezone.localdate()
    with pytest.raises(StudyError, match="has not come yet"):
        file(study, day=today + timedelta(days=1))
    with pytest.raises(StudyError, match="embargo ends before"):
        file(study, embargo=today - timedelta(days=1))
    Study.objects.filter(pk=study.pk).update(opened_at=timezone.now() - timedelta(days=3))
    study.refresh_from_db()
    file(study)
    file(study, day=today - timedelta(days=9))
    late, stated = registration_of(study).filed
    assert "filed after the study had opened" in filing_sentence(study, late)
    assert "the researchers' statement" in filing_sentence(study, stated)
    # What was filed is not known to be the plan that was fixed before: nothing says so.
    fix_plan(study)
    assert "not known here" in filing_sentence(study, stated)
    assert "registered is the one" not in filing_sentence(study, stated)
    page = browser(study.owner).get(reverse("study_preregister", args=[study.slug])).text
    assert "no registration was recorded before" in page
    assert page.count(ADDRESS) == 4  # of two filings, in address and text of their links
    assert any("no preregistration of its answers" in text for text in preregistration(study, OSF).notices)


def test_a_text_made_again_keeps_what_was_true_when_it_was_filed() -> None:
    study = registered_study()
    text = preregistration(study, OSF)
    assert text.notices == ()
    chosen = {item.question.key: item.answer for item in text.items}
    assert chosen["q8"].chosen == (OSF_EXISTING["none"],)
    assert "had given answers" not in chosen["q9"].text  # beside “prior to creation of data”
    study.grace_minutes = 0
    stopping = OSF_STOPPING.answer(Planned(study)).text
    assert "cannot go on; the answers given until then count" in stopping
    assert (
        "was registered before it opened"
        in browser(study.owner).get(reverse("study_preregister", args=[study.slug])).text
    )


def registered_study(*, alpha_changed: bool = False) -> Study:
    """A closed study that was registered before it opened, whose primary contrast goes in the expected direction."""
    study = answered_study(people=8, clips=6, target_participants=8)
    save_registration(study, {"question": "Which?"}, existing="none", directions={DIRECTION: "more"})
    study.refresh_from_db()
    file(study)
    fix_plan(study)
    Study.objects.filter(pk=study.pk).update(opened_at=timezone.now())
    study.refresh_from_db()
    if alpha_changed:
        study.alpha = 0.1
        study.save(update_fields=["alpha"])
    return close(study)


def test_the_report_sets_what_was_registered_beside_what_was_done() -> None:
    study = registered_study()
    analysis = build_analysis(study)
    context = report_context(analysis, "en", with_images=False)
    assert context.registration is not None
    rows = {row.item: row for row in context.registration.rows}
    assert rows["Participants"].done == "8 completed, 8 analysed"
    assert rows["Participants"].same
    assert rows["Primary contrast"].done == "Redefined − original"
    assert rows["Clips"].same
    assert rows["α"].same
    assert rows["Hypothesis H1"].registered == "images from redefined tags above images from original tags"
    assert rows["Hypothesis H1"].done.startswith("supported: ")
    assert rows["Plan (digest)"].same
    assert rows["Deviations from the plan"].same
    assert "Registered at https://osf.io/abcde" in checklist_answers(study, "HEDS 3.0")["3.3.1"]

    page = render_report(analysis.result, context)
    assert "Registered and done" in page
    assert "is the one that was fixed at opening" in page
    assert r"\caption{Registered and done}" in report_latex(analysis.result, context)
    sheet = load_workbook(io.BytesIO(report_xlsx(analysis.result, context)))["registration"]
    assert [cell.value for cell in sheet[1]] == ["item", "registered", "done", "as_registered"]
    korean = render_report(analysis.result, report_context(analysis, "ko", with_images=False))
    assert "등록한 것과 실제로 한 것" in korean


def test_what_was_done_otherwise_is_marked() -> None:
    study = registered_study(alpha_changed=True)
    person = study.participants.order_by("number").first()
    person.excluded, person.exclusion_reason = True, "a colleague"
    person.save()
    plan = study.plan["registration"]
    plan["filed"][0]["directions"] = {DIRECTION: "less"}
    study.save()
    analysis = build_analysis(study)
    # Two whom a rule leaves out, one of them by hand too: the flow counts each once, and so does this table.
    analysis.flow = analysis.flow | {"by_rule": [{"kind": "too_fast", "at": 0.5, "people": 2}]}
    with translation.override("en"):
        view = registered_and_done(study, analysis)
    assert view is not None
    rows = {row.item: row for row in view.rows}
    assert (rows["α"].registered, rows["α"].done, rows["α"].same) == ("0.05", "0.1", False)
    assert rows["Rules of exclusion"].done == "left out by rules: 2; by hand: 1"
    assert rows["Rules of exclusion"].same is False
    assert rows["Hypothesis H1"].done.startswith("contradicted: ")
    assert rows["Hypothesis H1"].same is None  # a finding is no departure from what was registered
    assert rows["Deviations from the plan"].same is False


def test_a_study_that_was_not_registered_says_so_only_if_a_registration_was_begun() -> None:
    study = close(answered_study(people=4, clips=2))
    analysis = build_analysis(study)
    assert registered_and_done(study, analysis) is None
    save_registration(study, {"question": "Which?"}, existing="", directions={})
    analysis.refresh_from_db()
    view = registered_and_done(study, analysis)
    assert view is not None
    assert (view.sentence, list(view.rows)) == ("No registration of the study is recorded.", [])
    page = render_report(analysis.result, report_context(analysis, "en", with_images=False))
    assert "No registration of the study is recorded." in page
    assert "Registered and done" not in page


def test_the_page_asks_once_shows_the_text_and_records_the_filing() -> None:
    study = make_study(clips=5)
    client = browser(study.owner)
    url = reverse("study_preregister", args=[study.slug])
    page = client.get(url).content.decode()
    assert "the research question in your own words" in page
    assert "Images from redefined tags and images from original tags differ" in page
    sent = {"question": "Are corrected tags better?", "direction_1": "more", "existing": "none"}
    assert client.post(url, sent).status_code == 302
    page = client.get(url + "?form=aspredicted").content.decode()
    assert "Are corrected tags better?" in page
    assert "Images from redefined tags get higher points" in page
    assert "2) What&#x27;s the main question" in page
    assert client.post(url, sent | {"direction_1": "perhaps"}).status_code == 400

    filed = reverse("study_preregister_filed", args=[study.slug])
    refused = client.post(filed, {"form": "osf", "address": "javascript:alert(1)", "day": "2026-01-05"})
    assert refused.status_code == 400
    assert client.post(filed, {"form": "osf", "address": ADDRESS, "day": "2999-01-05"}).status_code == 400
    sent = {"form": "osf", "address": ADDRESS, "day": "2026-01-05", "embargo": "2099-01-01"}
    assert client.post(filed, sent).status_code == 302
    assert "Under embargo until 2099-01-01." in client.get(url).content.decode()
    for ending in ("md", "docx", "json"):
        response = client.get(reverse("study_preregister_file", args=[study.slug, "osf", ending]))
        assert response["Content-Disposition"] == f'attachment; filename="{study.slug}-osf.{ending}"'
    assert client.get(f"{url}osf.pdf").status_code == 404
    assert browser(UserFactory()).get(url).status_code == 404
    with translation.override("ko"):
        korean = browser(study.owner, headers={"accept-language": "ko"}).get(url).content.decode()
    assert "연구자만 아는 것" in korean
    assert "Images from redefined tags get higher points" in korean
