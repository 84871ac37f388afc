"""A study's own rule files and predictions: uploaded, checked, chosen, used, copied; and the page of two taggers."""

import hashlib
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from generation.models import ClipStep
from generation.runs import execution, lifecycle
from generation.settings_model import GenerationSettings, settings_of, store_settings
from generation.tagging import ImportedOptions
from study.models import Study
from study.setup.copying import copy_study
from tests.generation.console.test_pages import form_data
from tests.generation.studies import SMALL, generate

RULES = b"""name: house rules
vocabulary_words: true
stages:
  - name: mine
    merges:
      - {into: classical, from: classic}
"""


def files(study):
    return reverse("generation_files", args=[study.slug])


def upload(client, study, raw, kind="rules", name="house.yaml"):
    data = {"kind": kind, "file": SimpleUploadedFile(name, raw)}
    return client.post(files(study), data, follow=True)


def results(study):
    return [step.result for step in ClipStep.objects.filter(clip__study=study, kind="redefine")]


def save_settings(client, study, **changes):
    return client.post(reverse("generation_settings", args=[study.slug]), form_data(client, study, **changes))


def test_an_own_rule_file_is_kept_chosen_and_used(study, client):
    text = upload(client, study, RULES).content.decode()
    assert "house.yaml is checked and kept" in text
    assert "“house rules”, 1 rule" in text
    digest = hashlib.sha256(RULES).hexdigest()
    assert study.log.get(action="file uploaded").data == {"kind": "rules", "file": "house.yaml", "digest": digest}
    assert (
        f"house.yaml — {digest[:8]}" in client.get(reverse("generation_settings", args=[study.slug])).content.decode()
    )
    assert save_settings(client, study, rules=digest).status_code == 302
    generate(study)
    assert settings_of(study).rules == digest
    assert results(study)[0]["corrected"] == ["classical", "piano", "piano solo", "slow"]
    provenance = study.clips.first().stimuli.first().provenance
    assert (provenance["rule_set"]["rules"], provenance["rule_set"]["rules_sha256"]) == ("house rules", digest)
    assert "in use" in client.get(files(study)).content.decode()
    assert client.get(reverse("generation_file", args=[study.slug, study.files.get().pk])).content == RULES
    # A changed file is another file: it is chosen, and the clips are redefined by it.
    upload(client, study, RULES.replace(b"from: classic}", b"from: [classic, slow]}"))
    changed = study.files.exclude(digest=digest).get()
    assert results(study)[0]["corrected"][-1] == "slow"
    save_settings(client, study, rules=changed.digest)
    generate(study)
    assert results(study)[0]["corrected"] == ["classical", "piano", "piano solo"]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (RULES.replace(b"from: classic}", b"from: giutar}"), "house.yaml, line 6: unknown tag &#x27;giutar&#x27;"),
        (RULES + b"    tempo: []\n", "house.yaml, line 7: stages.0.tempo: is not a known field"),
        (b"name: [", "house.yaml, line 1"),
        (b"\xff\xfe\x00", "is no text"),
        (b" ", "is empty"),
        (b"#" * (1024 * 1024 + 1), "is larger than 1 MB"),
    ],
)
def test_a_faulty_rule_file_is_refused_with_its_line(study, client, raw, message):
    response = upload(client, study, raw)
    assert response.status_code == 422
    assert message in response.content.decode()
    assert not study.files.exists()


def test_a_table_of_predictions_is_refused_with_its_rows_and_shows_what_it_lacks(study, client):
    response = upload(client, study, b"clip,guitar\nclip1.wav,7\nclip1,0.5\n", "predictions", "p.csv")
    assert "p.csv, row 2: column “guitar”: “7” is no probability" in response.content.decode()
    text = upload(client, study, b"clip,guitar\nclip1,0.5\nother,0.5\n", "predictions", "p.csv").content.decode()
    assert "tags: 1, clips: 2" in text
    assert "2 clips of this study are missing: clip2.wav, clip3.wav" in text


def test_files_in_use_stay_and_others_are_deleted(study, client):
    upload(client, study, RULES)
    used = study.files.get()
    store_settings(study, GenerationSettings(painter=SMALL, rules=used.digest))
    upload(client, study, RULES.replace(b"house rules", b"spare rules"), name="spare.yaml")
    for file in study.files.all():
        client.post(reverse("generation_file_delete", args=[study.slug, file.pk]))
    assert study.files.get() == used
    lifecycle.start_run(study)
    store_settings(study, GenerationSettings(painter=SMALL))
    client.post(reverse("generation_file_delete", args=[study.slug, used.pk]))
    assert study.files.exists()  # a run may need it
    assert "wait until it ends" in client.get(files(study)).content.decode()


def test_files_of_an_open_study_stay(study, client):
    Study.objects.filter(pk=study.pk).update(status=Study.Status.OPEN)
    upload(client, study, RULES)
    assert not study.files.exists()


def test_a_copy_has_the_files_that_its_settings_use(study, client, owner):
    upload(client, study, RULES)
    store_settings(study, GenerationSettings(painter=SMALL, rules=study.files.get().digest))
    copy = copy_study(study, title="A copy", owner=owner)
    assert generate(copy).state == "done"
    assert {result["rules"]["rules"] for result in results(copy)} == {"house rules"}


@pytest.fixture
def two_taggers(study, client):
    """The study with two tables of predictions, painted."""
    options = []
    for name, raw in (
        ("first.csv", b"clip,guitar,slow,quiet\nclip1,0.9,0.5,0\nclip2,0.8,0.5,0\nclip3,0.8,0.5,0\n"),
        ("second.csv", b"clip,guitar,loud\nclip1,0.9,0.5\nclip2,0.8,0\nclip3,0.8,0.6\n"),
    ):
        upload(client, study, raw, "predictions", name)
        options.append(ImportedOptions(file=study.files.get(name=name).digest))
    first, second = options
    store_settings(
        study,
        GenerationSettings(painter=SMALL, tag_source="predicted", tagger=first, redefined_tagger=second),
    )
    lifecycle.start_run(study)
    execution.run_pending(study)
    return study


def test_the_page_of_tags_shows_both_vocabularies_and_what_each_clip_gets(two_taggers, client):
    text = re.sub(r"\s+", " ", client.get(reverse("generation_tags", args=[two_taggers.slug])).content.decode())
    for tag, first, second in (("guitar", 3, 3), ("loud", "–", 2), ("quiet", 0, "–"), ("slow", 3, "–")):
        assert f'<td>{tag}</td> <td class="number">{first}</td> <td class="number">{second}</td>' in text
    assert '<li class="chip added" title="only in this set"> <ins>slow</ins>' in text
    assert '<li class="chip added" title="only in this set"> <ins>loud</ins>' in text
    clip = client.get(reverse("generation_clip", args=[two_taggers.slug, 1])).content.decode()
    assert "The corrected tags were predicted by the second tagger." in clip
    assert "The second tagger&#x27;s most probable tags" in clip or "The second tagger's most probable tags" in clip
    assert "original tags only" in clip


def test_settings_with_two_taggers_are_saved_and_shown_again(two_taggers, client):
    before = settings_of(two_taggers)
    assert save_settings(client, two_taggers).status_code == 302
    assert settings_of(two_taggers) == before
    save_settings(client, two_taggers, redefined_tagger="")
    assert settings_of(two_taggers).redefined_tagger is None


def test_the_preset_fills_in_the_first_studys_choices_and_saves_nothing(study, client):
    address = reverse("generation_settings", args=[study.slug])
    form = client.get(address + "?preset=seed").context["form"]
    shown = {name: form[name].value() for name in ("tag_source", "tagger", "redefined_tagger", "rules_for", "rules")}
    assert shown == {
        "tag_source": "predicted",
        "tagger": "clmr",
        "redefined_tagger": "clmr",
        "rules_for": "neither",
        "rules": "seed",
    }
    assert settings_of(study).redefined_tagger is None
    heads = {
        f"{room}-clmr-{part}": f"{room}.pt" for room in ("tagger", "redefined_tagger") for part in ("encoder", "head")
    }
    assert save_settings(client, study, **(shown | heads)).status_code == 302
    assert settings_of(study).redefined_tagger.head == "redefined_tagger.pt"


def test_combinations_without_sense_are_refused_on_the_page(study, client):
    response = save_settings(client, study, tag_source="auto", redefined_tagger="musicnn")
    assert response.status_code == 422
    assert "A second tagger is compared with the first" in response.content.decode()
    response = save_settings(client, study, tagger="imported")
    assert response.context["form"].errors["tagger-imported-file"]
