"""Sentences that do not match their tags, and Korean tags: on the pages, before a run, and never while sealed."""

import re

import pytest
from django.urls import reverse

from generation.errors import RunStopped
from generation.models import ClipStep
from generation.painting import DiffusersOptions
from generation.runs import lifecycle
from generation.settings_model import GenerationSettings, settings_of, store_settings
from generation.writing import OpenAIOptions
from study.models import Stimulus, Study
from study.setup import preflight
from tests.generation.console.test_pages import form_data, page
from tests.generation.studies import SMALL, add_clips, generate
from tests.generation.writing.conftest import sentence


def findings(study) -> str:
    return " ".join(finding.message for finding in preflight.run(study))


def test_review_shows_what_a_sentence_leaves_out_and_adds(with_service, client):
    study = with_service()  # every sentence is "A slow piano plays a classical tune."
    study.clips.all().delete()
    add_clips(study, 3, tags=("slow", "piano", "classical", "classic"))
    add_clips(study, 1, tags=("guitar", "guitars", "techno"))
    generate(study)
    text = page(client, "generation_review", study.slug)
    shown = re.findall(r'class="fault">(.*?)</span>', text)
    faults = {" ".join(re.sub("<[^>]*>", "", fault).split()) for fault in shown}
    assert "missing: guitar, techno" in faults
    assert "added: slow, piano, classical" in faults
    assert "2 sentences do not say their tags" in text
    only = client.get(reverse("generation_review", args=[study.slug]), {"show": "checks"}).content.decode()
    assert "clip4.wav" in only
    assert only.count("A sentence does not match its tags") == 1  # the others have the same picture twice
    assert "2 sentences do not match their tags" in findings(study)


def test_a_sealed_study_shows_none_of_it(with_service, client):
    study = with_service()
    add_clips(study, 1, tags=("guitar", "guitars", "techno"))
    generate(study)
    Study.objects.filter(pk=study.pk).update(status="open")
    for name, args in (("generation_review", ()), ("generation_clip", (4,))):
        text = page(client, name, study.slug, *args)
        assert "<img" in text
        assert "fault" not in text
        assert "missing:" not in text
        assert "do not say their tags" not in text


def test_sentences_of_the_built_in_writer_have_no_faults(study, client):
    generate(study)
    sentences = [s.provenance["writer"] for s in Stimulus.objects.all() if s.provenance["writer"]]
    assert sentences
    assert all((written["missing_tags"], written["added_words"]) == ([], []) for written in sentences)
    assert "do not say their tags" not in page(client, "generation_review", study.slug)


def test_a_sentence_that_may_not_be_accepted_fails_its_clip_by_name(with_service, server):
    study = with_service(unfaithful="fail")
    add_clips(study, 1, tags=("guitar", "guitars", "techno"))
    generate(study)
    step = ClipStep.objects.get(clip__number=4, kind="write")
    assert step.state == "failed"
    assert step.error.startswith("clip4.wav: ")
    assert 'does not say "guitar"' in step.error


# Korean tags -------------------------------------------------------------------------------------------------


def test_korean_tags_are_translated_for_both_forms_and_shown(with_service, server, client):
    study = with_service()
    study.clips.all().delete()
    # The rules leave out "현악" beside "바이올린": the two sets differ.
    add_clips(study, 1, tags=("통기타", "느린", "여자 목소리", "남자 보컬", "바이올린", "현악"))
    server.script = [sentence("Female and male vocals float over slow strings, a violin and an acoustic guitar.")]
    generate(study)
    [result] = ClipStep.objects.filter(kind="redefine").values_list("result", flat=True)
    assert set(result["redefined"]) == {"acoustic guitar", "slow", "female vocals", "male vocals", "violin"}
    assert set(result["original"]) == {*result["redefined"], "strings"}
    assert result["translated"]["acoustic guitar"] == "통기타"
    stimulus = Stimulus.objects.first()
    assert stimulus.provenance["translated_tags"]["slow"] == "느린"
    text = page(client, "generation_review", study.slug)
    assert '<span class="given" lang="ko">통기타</span>' in text


@pytest.mark.parametrize("writer", ["openai", "template"])
def test_unknown_korean_tags_stop_a_run_before_it_starts(with_service, server, writer):
    study = with_service()
    if writer == "template":
        store_settings(study, GenerationSettings(painter=SMALL))
    add_clips(study, 1, tags=("기타", "새벽감성", "몽글몽글"))
    with pytest.raises(RunStopped, match=r"“새벽감성”, “몽글몽글”.*import it again"):
        lifecycle.start_run(study)
    assert server.requests == []
    assert not study.generation_runs.exists()


def test_with_translations_alone_the_run_starts(with_service):
    """The control."""
    study = with_service()
    add_clips(study, 1, tags=("기타", "느린"))
    assert lifecycle.start_run(study).state == "running"


def multilingual(tmp_path, encoder: str) -> DiffusersOptions:
    folder = tmp_path / encoder
    folder.mkdir()
    parts = f'{{"_class_name": "APipeline", "text_encoder": ["transformers", "{encoder}"]}}'
    (folder / "model_index.json").write_text(parts)
    return DiffusersOptions(model=str(folder))


@pytest.mark.parametrize(
    ("encoder", "reads"), [("CLIPTextModel", False), ("T5EncoderModel", False), ("Gemma2Model", True)]
)
def test_korean_sentences_only_for_a_painter_that_reads_korean(study, tmp_path, encoder, reads):
    from generation.runs.readiness import language_fault

    writer = OpenAIOptions(model="m", sentence_language="ko")
    fault = language_fault(GenerationSettings(painter=multilingual(tmp_path, encoder), writer=writer))
    assert (fault is None) == reads
    assert fault is None or f"({encoder}) reads English only" in fault


def test_the_settings_page_refuses_korean_for_the_sketch_painter_and_for_an_english_template(study, client):
    fields = {"writer": "openai", "writer-openai-model": "m", "writer-openai-sentence_language": "ko"}
    data = form_data(client, study, **fields, **{"writer-openai-prompt_template": "seed-v1"})
    response = client.post(reverse("generation_settings", args=[study.slug]), data)
    errors = response.context["form"].errors
    assert "sketch painter reads English only" in str(errors["writer-openai-sentence_language"])
    assert "default-v2" in str(errors["writer-openai-prompt_template"])
    assert settings_of(study).writer.kind == "template"


def test_in_a_korean_study_both_forms_of_both_sets_are_korean(with_service, server, monkeypatch):
    monkeypatch.setattr("generation.runs.readiness.language_fault", lambda settings: None)
    study = with_service(sentence_language="ko")
    study.clips.all().delete()
    add_clips(study, 1, tags=("통기타", "느린", "여자 목소리", "노래"))
    server.script = [sentence("느린 통기타가 여자 목소리와 노래를 감싼다.")]
    generate(study)
    [result] = ClipStep.objects.filter(kind="redefine").values_list("result", flat=True)
    assert set(result["original"]) == {"통기타", "느린", "여자 목소리", "노래"}
    assert all(re.fullmatch("[가-힣 ]+", tag) for tag in result["redefined"])
    writers = [s.provenance["writer"] for s in Stimulus.objects.all() if s.provenance["writer"]]
    assert {writer["sentence_language"] for writer in writers} == {"ko"}
    assert all(writer["missing_tags"] == [] for writer in writers)
