"""`manage.py reproduce`: from the stored provenance alone to the verdict."""

import json

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from generation.painting import build_painter
from generation.painting.normalise import normalise
from generation.painting.picture_files import open_picture
from generation.runs import execution, lifecycle
from generation.runs.steps import loaded_models
from study.models import Stimulus


@pytest.fixture
def stimulus(study, monkeypatch):
    # The sketch painter itself, not the flat one: the command builds the painter that the provenance names.
    monkeypatch.setattr(loaded_models, "painter_of", lambda settings: build_painter(settings.painter))
    lifecycle.start_run(study)
    execution.run_pending(study)
    return Stimulus.objects.filter(clip__study=study).order_by("pk").last()


def verdict(stimulus, capsys) -> dict:
    call_command("reproduce", str(stimulus.pk), "--json")
    return json.loads(capsys.readouterr().out)


def test_a_stimulus_is_painted_again_bit_for_bit(stimulus, capsys):
    found = verdict(stimulus, capsys)
    assert (found["verdict"], found["same_file"], found["differences"]) == ("bit-identical", True, [])


def test_a_stimulus_is_painted_from_its_provenance_and_not_from_the_stored_picture(stimulus, tmp_path, capsys):
    path = default_storage.path(stimulus.image.name)
    with stimulus.image.open("rb") as file:
        image = open_picture(file.read()).image
    with open(path, "wb") as file:  # noqa: PTH123
        file.write(normalise(image.rotate(180), image.width))
    with pytest.raises(CommandError, match="came out different") as caught:
        call_command("reproduce", str(stimulus.pk), "--save", str(tmp_path / "again.png"))
    assert caught.value.returncode == 1
    assert "different in" in capsys.readouterr().out
    assert open_picture((tmp_path / "again.png").read_bytes()).image.tobytes() == image.tobytes()


def test_another_seed_in_the_provenance_is_noticed(stimulus):
    stimulus.provenance["seed"] += 1
    stimulus.save()
    with pytest.raises(CommandError, match="came out different"):
        call_command("reproduce", str(stimulus.pk))


@pytest.mark.parametrize(("painter", "provenance"), [("uploaded", {"painter": "uploaded"}), ("sketch", {})])
def test_a_stimulus_that_was_not_painted_here_is_refused(stimulus, painter, provenance):
    Stimulus.objects.filter(pk=stimulus.pk).update(painter=painter, provenance=provenance)
    with pytest.raises(CommandError, match="was not painted here") as caught:
        call_command("reproduce", str(stimulus.pk))
    assert caught.value.returncode == 2
    with pytest.raises(CommandError, match="no stimulus 999999"):
        call_command("reproduce", "999999")
