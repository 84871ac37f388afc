"""What is painted again by hand is listed for the report, also of studies from before the review recorded it."""

import importlib

import pytest
from django.apps import apps

from generation.models import ClipStep, ReviewDecision
from generation.runs import execution, lifecycle
from study.models.log import record
from study.setup.paintings import Painting, paintings
from tests.generation.studies import generate

pytestmark = pytest.mark.django_db


def test_each_painting_is_listed_with_its_reason_and_only_if_it_gave_other_images(study):
    generate(study)
    clip = study.clips.first()
    for reason, named in (("artefact", ["original_tags"]), ("unsafe", [])):
        lifecycle.repaint(clip, reason=reason, named=named)
        execution.run_pending(study)
    logged = study.log.filter(action="repainted").order_by("number")
    versions = list(ReviewDecision.objects.order_by("pk").values_list("version", flat=True))
    assert [entry.data["images"] for entry in logged] == versions, "by which an export proves it"
    lifecycle.repaint(study.clips.last(), reason="artefact")
    lifecycle.cancel_run(study.generation_runs.last())
    assert paintings(study) == [
        Painting("clip1.wav", 1),
        Painting("clip1.wav", 2, "artefact", "", ("original_tags",)),
        Painting("clip1.wav", 3, "unsafe"),
        Painting("clip2.wav", 1),
        Painting("clip3.wav", 1),
    ]


def test_a_repaint_that_failed_is_no_painting(study):
    generate(study)
    clip = study.clips.first()
    for reason in ("artefact", "unsafe"):
        lifecycle.repaint(clip, reason=reason)
        if reason == "artefact":
            ClipStep.objects.filter(clip=clip, kind="paint").update(state="failed")
    execution.run_pending(study)
    assert [row.reason for row in paintings(study) if row.clip == clip.name] == ["", "unsafe"]
    ReviewDecision.objects.update(version="")
    assert [row.reason for row in paintings(study) if row.clip == clip.name] == [""], "without images before"


def test_repaints_of_before_are_taken_from_the_log(study):
    generate(study)
    ClipStep.objects.filter(clip__name="clip1.wav", kind="paint").update(result={"seed_number": 1})
    record(study, "repainted", reason="its run was cancelled", clip="clip1.wav", seed_number=1)
    record(study, "repainted", reason="too dark", clip="clip1.wav", seed_number=1)
    record(study, "repainted", reason="its run is not done", clip="clip1.wav", seed_number=2)
    record(study, "repainted", reason="pale", clip=2)
    record(study, "repainted", reason="of a clip that was deleted", clip="gone.wav")
    migration = importlib.import_module("generation.migrations.0006_review_decisions")
    migration.take_repaints_from_the_log(apps, None)
    assert ReviewDecision.objects.count() == 2
    again = [row for row in paintings(study) if row.number > 1]
    assert again == [Painting("clip1.wav", 2, "other", "too dark"), Painting("clip2.wav", 2, "other", "pale")]
