"""What strangers wrote into an export harms nobody here: neither other studies nor the pages of its own."""

import json
import logging
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse

from config.bundles import export_study
from config.bundles.reading import Bundle, Unreadable
from config.bundles.taking_in import BundleRefused, take_in
from config.bundles.taking_in.clip_format import check_step
from config.bundles.taking_in.study_rows import ClipLines
from config.bundles.whole import CLIPS
from generation.models import ClipStep
from study.models import Participant, Study
from study.models.log import record
from study.participants.withdrawal import withdraw_with_receipt
from study.published_heads import publishing
from study.published_heads.summary import head_summary
from study.setup.sharing import is_archived
from tests.config.addresses import browser
from tests.config.bundles.test_taking_in import as_lines, lines, lived_study, rewritten
from tests.factories import StudyFactory, UserFactory, make_open_study, make_study

pytestmark = pytest.mark.django_db
Files = dict[str, bytes]


@dataclass(frozen=True)
class Exports:
    """Exports of another installation: a draft, and a closed study, with the slug and a receipt of it."""

    draft: Path
    closed: Path
    slug: str
    receipt: str


@pytest.fixture(scope="module")
def exports(tmp_path_factory: Any, django_db_setup: Any, django_db_blocker: Any) -> Exports:
    """Made once. The log of the closed study holds what its server wrote there, and what a stranger might."""
    folder = tmp_path_factory.mktemp("exports")
    with django_db_blocker.unblock(), transaction.atomic(), pytest.MonkeyPatch.context() as patch:
        patch.setattr("config.bundles.check.REQUIRED_ANALYSED", ())
        patch.setattr("config.bundles.write.report_files", lambda analysis: ())  # which takes seconds
        draft = make_study(clips=2)
        export_study(draft, folder / "draft.zip")
        study = lived_study()
        record(study, publishing.PUBLISHED, number=1, head="x", occasion="opening", to=["file"], people=0)
        record(study, publishing.PUBLISHED, note="no such entry")
        record(study, publishing.NOT_PUBLISHED, note="no such entry")
        record(study, "archived")
        record(study, "brought in", bundle=sha256((folder / "draft.zip").read_bytes()).hexdigest())
        export_study(study, folder / "closed.zip")
        receipt = study.participants.get(number=1).receipt
        found = Exports(folder / "draft.zip", folder / "closed.zip", study.slug, receipt)
        transaction.set_rollback(True)
    return found


@pytest.fixture(autouse=True)
def without_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.bundles.check.REQUIRED_ANALYSED", ())
    monkeypatch.setattr("config.bundles.write.report_files", lambda analysis: ())


def test_entries_of_another_server_decide_nothing_here(exports: Exports, tmp_path: Path, settings: Any) -> None:
    settings.DATA_DIR, settings.HEADS_FILE = tmp_path, tmp_path / "heads.txt"
    study = take_in(exports.closed, owner=UserFactory()).study
    assert study.log.count() > 5
    assert not is_archived(study)
    assert publishing.due(study) == {}
    assert not publishing._file_was_there()
    summary = head_summary(study)
    assert summary is not None
    assert (summary.published, summary.problems) == ([], [])
    other = make_open_study(clips=1)
    record(other, "opened", plan_digest="")
    assert [one.head.slug for one in publishing.publish_due() if one.occasion == "opening"] == [other.slug]
    assert other.slug in settings.HEADS_FILE.read_text()
    # Nor do they keep another export out.
    assert take_in(exports.draft, owner=UserFactory()).study.status == "draft"


def test_a_study_whose_head_cannot_be_published_stops_no_other(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DATA_DIR, settings.HEADS_FILE = tmp_path, tmp_path / "heads.txt"
    first, second = make_open_study(clips=1), make_open_study(clips=1)
    for study in (first, second):
        record(study, "opened", plan_digest="")
    due = publishing.due

    def broken(study: Study | None) -> dict[str, str]:
        if study == first:
            raise KeyError("to")
        return due(study)

    monkeypatch.setattr(publishing, "due", broken)
    with caplog.at_level(logging.ERROR):
        published = publishing.publish_due()
    assert second.slug in {one.head.slug for one in published}
    assert f"The head of {first.slug} could not be published." in caplog.messages


def test_a_closed_study_comes_in_although_its_short_name_is_taken_and_only_once(
    exports: Exports, tmp_path: Path
) -> None:
    StudyFactory(slug=exports.slug)
    owner = UserFactory()
    taken_in = take_in(exports.closed, owner=owner)
    assert taken_in.study.slug == f"{exports.slug}-2"
    assert any(f"the short name “{exports.slug}”" in note for note in taken_in.notes)
    # Another export of it, by this server or an earlier one, is the same study.
    export_study(taken_in.study, tmp_path / "again.zip")
    for owner_of_next, said in ((owner, taken_in.study.slug), (UserFactory(), "belongs to somebody else")):
        with pytest.raises(BundleRefused, match="is here already") as refusal:
            take_in(tmp_path / "again.zip", owner=owner_of_next)
        assert said in str(refusal.value)
    assert Study.objects.count() == 2


def test_who_withdraws_by_receipt_is_erased_in_every_copy(exports: Exports, monkeypatch: pytest.MonkeyPatch) -> None:
    first = take_in(exports.closed, owner=UserFactory()).study
    # As if a stranger had made the whole chain anew.
    monkeypatch.setattr("config.bundles.taking_in.study_from_bundle._ensure_new", lambda *args, **more: None)
    second = take_in(exports.closed, owner=UserFactory()).study
    assert withdraw_with_receipt(exports.receipt) in (first, second)
    for study in (first, second):
        person = study.participants.get(number=1)
        assert (person.status, person.trials.count()) == (Participant.Status.WITHDRAWN, 0)


def setting(**values: Any) -> Callable[[Files], None]:
    """Return a change of the study's own columns; those of `plan` are added to it."""

    def change(files: Files) -> None:
        data = json.loads(files["whole/study.json"])
        plan = data["fields"]["plan"] | values.pop("plan", {})
        data["fields"] |= {**values, "plan": plan}
        files["whole/study.json"] = json.dumps(data).encode()

    return change


def of_clip(place: int, **values: Any) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        rows = lines(files[CLIPS])
        rows[place - 1]["fields"] |= values
        files[CLIPS] = as_lines(rows)

    return change


OF_RATINGS = {
    "cells": [{"participants": 9, "clips": 9, "power": 0.5, "monte_carlo_se": 0.1}],
    **{"kind": "rate", "sd_participants": 0.5, "sd_clips": 0.6, "sd_residual": 1.0, "lowest": 1, "highest": 7},
}
FORGED = [
    (setting(plan={"exclusions": [1]}), "plan.exclusions.0"),
    (setting(plan={"exclusions": [{"kind": "nonsense", "at": 1}]}), "plan.exclusions.0"),
    (setting(plan={"analysis": {"moderators": [{"column": "x"}]}}), "cuts"),
    (setting(plan={"power": {"state": "waiting", "inputs": {"participants": 10**9}}}), "plan.power.state"),
    (setting(plan={"power": {"state": "ready", "result": OF_RATINGS | {"difference": None}}}), "plan.power.result"),
    (setting(plan={"reporting": {"dataset": 1}}), "plan.reporting.dataset"),
    (setting(plan={"unheard": 1}), "plan.unheard"),
    (setting(plan={"publication": {"creators": [{"family": 1}]}}), "plan.publication"),
    (setting(plan={"registration": {"existing": "x"}}), "plan.registration.existing"),
    (setting(stages={"pilot": 3}, stage="pilot"), "stages.pilot"),
    (setting(stages={}, stage="pilot"), "asks for no number of people"),
    (setting(orders_version=99), "orders_version"),
    (setting(consent_text={"en": 5}), "consent_text.en"),
    (setting(languages=["../x"]), "languages.0"),
    (setting(quotas=[{"x": 1}]), "quotas.0"),
    (setting(quotas=[{"question": "age", "answer": "old", "limit": 1}]), "A quota counts the answer"),
    (setting(reward="5.00", reward_currency="XXX"), "reward_currency"),
    (setting(questions_before="- 5"), "questions_before"),
    (setting(created_at="0001-01-01T00:00:00+14:00"), "the year 1"),
    (of_clip(2, number=1), "IntegrityError"),
    (of_clip(1, outline=["<b>", None]), "outline"),
    (of_clip(1, imported_tags=[5]), "imported_tags"),
    (of_clip(1, audio_notes=[{"kind": "no_length"}]), "audio_notes"),
]


@pytest.mark.parametrize(("change", "said"), FORGED)
def test_settings_that_no_page_could_show_are_refused_and_named(
    exports: Exports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Files], None], said: str
) -> None:
    # They are in order, and the process that decodes them takes a second to start.
    monkeypatch.setattr("config.bundles.taking_in.stored.check_pictures", lambda *args: None)
    (tmp_path / "draft.zip").write_bytes(exports.draft.read_bytes())
    with pytest.raises(BundleRefused) as refusal:
        take_in(rewritten(tmp_path / "draft.zip", change), owner=UserFactory())
    assert said in " ".join(refusal.value.faults)
    assert not Study.objects.exists()


@pytest.mark.parametrize(
    ("kind", "result", "said"),
    [
        ("redefine", {"contested": 5}, "given"),
        ("listen", {"tags": {"probabilities": {"piano": "much"}}}, "tags.probabilities.piano"),
        ("write", {"sentences": ["A piano."]}, "sentences"),
        ("paint", [], "the step “paint”"),
    ],
)
def test_a_step_with_a_result_that_no_page_could_show_is_refused(kind: str, result: Any, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        check_step(ClipStep(kind=kind, result=result), "clip 1")
    check_step(ClipStep(kind=kind, result=None), "clip 1")


def test_a_draft_has_nothing_of_an_open_study_and_its_pages_work(exports: Exports, tmp_path: Path) -> None:
    (tmp_path / "draft.zip").write_bytes(exports.draft.read_bytes())
    at = "2026-01-01T00:00:00+00:00"
    origin = {"source": "x", "entries": "many"}
    forged = setting(
        plan={"brought_in": origin, "consent": {"en": "I agree to all."}}, simulated=True, opened_at=at, plan_digest="x"
    )
    study = take_in(rewritten(tmp_path / "draft.zip", forged), owner=UserFactory()).study
    study.refresh_from_db()
    assert (study.plan, study.simulated, study.opened_at, study.plan_digest) == ({}, False, None, "")
    client = browser(study.owner)
    for page in ("study_overview", "study_plan", "study_describe", "study_power", "study_questions"):
        assert client.get(reverse(page, args=[study.slug])).status_code == 200


def test_a_small_upload_that_unpacks_to_much_is_refused_before_it_is_read(
    exports: Exports, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MAX_UPLOAD_BYTES = 1000
    with pytest.raises(BundleRefused, match="EARSIGHT_UPLOAD_MB"):
        take_in(exports.draft, owner=UserFactory())

    path = tmp_path / "many.zip"
    line = json.dumps({"fields": {}, "sounds": {}, "stimuli": []})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(CLIPS, (line + "\n") * 30)
        for name in ("plan.json", "versions.json"):
            archive.writestr(name, json.dumps({"rows": [{}] * 20}))
        archive.writestr("participants.csv", "a,b,c\n" + "1\n" * 30)
        archive.writestr("chain.json", b"{" + b" " * 40 * 2**20 + b"}")
    monkeypatch.setattr("config.bundles.reading.MAX_VALUES", 50)
    monkeypatch.setattr("config.bundles.reading.MAX_LINES", 20)
    with zipfile.ZipFile(path) as archive:
        bundle = Bundle(archive)
        assert "chain.json" not in bundle.members  # it would be 40 MB, packed to one thousandth
        with pytest.raises(Unreadable, match="more lines"):
            list(bundle.json_lines(CLIPS))
        bundle.json("plan.json")
        with pytest.raises(Unreadable, match="the files before it have more values"):
            bundle.json("versions.json")
        with pytest.raises(Unreadable, match="more values"):
            bundle.rows("participants.csv")
        assert iter(ClipLines(bundle)) is not iter(ClipLines(bundle))  # read anew, never held
