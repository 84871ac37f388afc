"""Console, `tag`, library passes and the store of a data set judge a file alike, and say the same of it."""

import io

import numpy as np
import pytest
import soundfile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command

from generation.library import passes
from generation.management.commands import tag
from generation.tagging.store import build_store
from study.audio_files.notes import sentences
from study.setup.clip_import import import_clips
from study.setup.lifecycle import create_study

RATE = 22_050


class OneTagTagger:
    name, vocabulary, identity, thresholds = "one", ("loud",), {"name": "one"}, None

    def predict(self, waveforms, sample_rate):
        return np.array([[np.abs(wave).max()] for wave in waveforms], np.float32)


def encoded(samples, kind="WAV", subtype="FLOAT"):
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, RATE, format=kind, subtype=subtype)
    return buffer.getvalue()


@pytest.fixture
def verdicts(tmp_path, owner, monkeypatch):
    """A function: the bytes of a file → what each door says of it, its name left out."""
    monkeypatch.setattr(tag, "tagger_from", lambda *_: OneTagTagger())
    study = create_study(title="A study", owner=owner)

    def judge(content):
        path = tmp_path / "song.wav"
        path.write_bytes(content)
        [imported] = import_clips(study, [SimpleUploadedFile("song.wav", content)])
        console = imported.problem or " ".join(sentences(imported.clip.audio_notes))
        errors = io.StringIO()
        try:
            call_command("tag", str(path), stdout=io.StringIO(), stderr=errors)
            command = errors.getvalue().replace(f"{path}: ", "").strip().replace("\n", " ")
        except CommandError as error:
            command = str(error)
        out = tmp_path / "pass"
        passes.plan_pass(out, tmp_path, passes.find_audio(tmp_path))
        passes.listen_to_chunk(out, 0, OneTagTagger())
        [row] = passes.read_rows(out)
        store = build_store(tmp_path / "store", [("song.wav", path)], RATE)
        entry = (store.entries + store.failed)[0]
        said = [console, command, row.get("error") or " ".join(row.get("notes", ()))]
        said.append(entry.error or " ".join(entry.notes))
        return [words.replace(str(tmp_path) + "/", "") for words in said]

    return judge


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda tone: encoded(tone), ""),
        (lambda tone: encoded(tone * 20_000), "90.3 dB softer"),
        (lambda tone: encoded(np.stack([tone, -tone], axis=1)), "cancel each other"),
        (lambda tone: encoded(tone)[:-20_000], "song.wav is cut off: its header says"),
        (lambda tone: encoded(tone, subtype="GSM610"), "song.wav is WAV with the codec GSM 6.10"),
        (lambda tone: encoded(tone, "AIFF"), "song.wav is audio of the kind AIFF"),
        (lambda tone: encoded(tone * 0), "song.wav is silent"),
    ],
    ids=["plain", "int16 as float", "opposite phase", "cut off", "GSM", "AIFF", "silent"],
)
def test_every_door_says_the_same_of_a_file(verdicts, tone, make, said):
    heard = verdicts(make(tone()))
    assert len(set(heard)) == 1, heard
    assert said in heard[0]
    assert bool(heard[0]) == bool(said)
