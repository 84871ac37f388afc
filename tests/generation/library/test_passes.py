"""Passes over a library: chunks, locks, messages and results."""

import json
import os

import numpy as np
import pytest

from generation.library import passes, tasks
from generation.redefinition.voice_files import read_voice_table
from generation.tagging import ClmrOptions, MusicnnOptions


class LoudnessTagger:
    name, vocabulary, identity = "loud", ("loud",), {"name": "loud"}

    def predict(self, waveforms, sample_rate):
        return np.array([[np.abs(wave).max()] for wave in waveforms], np.float32)


@pytest.fixture
def music(sound_files, tmp_path):
    (tmp_path / "broken.mp3").write_bytes(b"no music")
    return tmp_path


def test_a_pass_resumes_after_an_interruption_and_lists_bad_files(music, tmp_path):
    found = passes.find_audio(music)
    assert [path.name for path in found] == ["0.wav", "1.wav", "2.wav", "broken.mp3"]
    out = tmp_path / "pass"
    assert passes.plan_pass(out, music, found, chunk=2) == 2
    assert passes.listen_to_chunk(out, 1, LoudnessTagger()) == 2
    assert passes.chunks_left(out) == [0]
    before = (out / "chunk-000001.json").read_bytes()
    for number in range(2):
        passes.listen_to_chunk(out, number, LoudnessTagger())
    assert (out / "chunk-000001.json").read_bytes() == before
    rows = list(passes.read_rows(out))
    assert [row["file"] for row in rows] == ["0.wav", "1.wav", "2.wav", "broken.mp3"]
    assert "not an audio file" in rows[3]["error"] or "text file" in rows[3]["error"]
    assert rows[0]["tags"]["loud"] > 0.1
    progress = passes.progress_of(out)
    assert (progress.clips_done, progress.chunks_done) == (4, 2)


def test_a_chunk_that_another_process_holds_is_left_alone(music, tmp_path):
    out = tmp_path / "pass"
    passes.plan_pass(out, music, passes.find_audio(music), chunk=2)
    with passes._lock_chunk(out, 0) as locked:
        assert locked
        assert passes.listen_to_chunk(out, 0, LoudnessTagger()) == 0
        assert passes.listen_to_free_chunk(out, LoudnessTagger())  # the other one
        assert not passes.listen_to_free_chunk(out, LoudnessTagger())
    assert passes.chunks_left(out) == [0]
    assert passes.listen_to_free_chunk(out, LoudnessTagger())  # its worker ended, so it is free again
    assert passes.chunks_left(out) == []
    assert not list(out.glob("lock-*"))


def test_a_chunk_that_ends_workers_is_abandoned(music, tmp_path):
    class Deadly(LoudnessTagger):
        def predict(self, waveforms, sample_rate):
            raise KeyboardInterrupt

    out = tmp_path / "pass"
    passes.plan_pass(out, music, passes.find_audio(music))
    for _ in range(passes.MAX_TRIES):
        with pytest.raises(KeyboardInterrupt):
            passes.listen_to_free_chunk(out, Deadly())
    assert not passes.listen_to_free_chunk(out, Deadly())
    assert passes.abandoned_chunks(out) == [0]
    assert passes.listen_to_chunk(out, 0, LoudnessTagger()) == 4


def test_an_odd_file_does_not_stop_the_others(music, tmp_path):
    class Choosy(LoudnessTagger):
        def predict(self, waveforms, sample_rate):
            if self.calls == 1:
                self.calls += 1
                raise ValueError("strange")
            self.calls += 1
            return super().predict(waveforms, sample_rate)

        calls = 0

    out = tmp_path / "pass"
    passes.plan_pass(out, music, passes.find_audio(music))
    passes.listen_to_chunk(out, 0, Choosy())
    errors = [row.get("error") for row in passes.read_rows(out)]
    assert errors[:3] == [None, "1.wav: ValueError: strange", None]


def test_the_task_queues_itself_again_until_no_chunk_is_left(music, tmp_path, monkeypatch):
    sent = []
    monkeypatch.setattr(tasks.messages, "send", lambda name, args, queue: sent.append(args))
    monkeypatch.setattr(tasks, "_tagger", lambda options, content: LoudnessTagger())
    out = tmp_path / "pass"
    passes.plan_pass(out, music, passes.find_audio(music), passes.tagger_content(MusicnnOptions()), chunk=1)
    assert tasks.queue_pass(out, MusicnnOptions()) == 4
    del sent[1:]  # the broker lost the others
    while sent:
        tasks.continue_pass(*sent.pop())
    assert passes.progress_of(out).clips_done == 4


def test_a_pass_whose_messages_are_lost_is_found_again(music, tmp_path, monkeypatch, settings):
    settings.DATA_DIR = tmp_path
    sent = []
    monkeypatch.setattr(tasks.messages, "send", lambda name, args, queue: sent.append(args))
    monkeypatch.setattr(tasks, "_tagger", lambda options, content: LoudnessTagger())
    out = tmp_path / "pass"
    passes.plan_pass(out, music, passes.find_audio(music), passes.tagger_content(MusicnnOptions()), chunk=1)
    tasks.queue_pass(out, MusicnnOptions())
    sent.clear()
    assert tasks.find_lost_passes(starting=True) == 0  # just sent
    for path in [*out.glob("*"), *(tmp_path / "library_passes").glob("*")]:
        os.utime(path, (0, 0))
    assert tasks.find_lost_passes(starting=False) == 1
    while sent:
        tasks.continue_pass(*sent.pop())
    assert passes.progress_of(out).clips_done == 4
    assert tasks.find_lost_passes(starting=True) == 0
    assert not list((tmp_path / "library_passes").glob("*"))


def test_a_tagger_replaced_during_a_pass_is_refused(music, tmp_path):
    """A worker that meets the pass later would go on with another head."""
    out, head = tmp_path / "pass", tmp_path / "head.pt"
    head.write_bytes(b"one")
    options = ClmrOptions(encoder=str(head), head=str(head))
    passes.plan_pass(out, music, passes.find_audio(music), passes.tagger_content(options))
    passes.check_tagger(out, options)
    head.write_bytes(b"two")
    with pytest.raises(ValueError, match="no longer those with which the pass began"):
        tasks.continue_pass(str(out), options.model_dump_json())


def test_another_tagger_in_the_same_folder_is_refused(music, tmp_path):
    found = passes.find_audio(music)
    passes.plan_pass(tmp_path / "pass", music, found, "one")
    with pytest.raises(ValueError, match="a pass with another tagger"):
        passes.plan_pass(tmp_path / "pass", music, found, "other")


def test_the_voice_evidence_is_written_for_redefinition(music, tmp_path):
    out = tmp_path / "pass"
    passes.plan_pass(out, music, passes.find_audio(music))
    passes.listen_to_chunk(out, 0, LoudnessTagger())
    assert passes.write_voice_csv(out, tmp_path / "voice.csv") == 3
    names = ["2.wav", "0.wav", "1.wav"]
    evidence = read_voice_table(tmp_path / "voice.csv", ["a", "b", "c"], {"mp3_path": names})
    rows = {row["file"]: row for row in passes.read_rows(out)}
    assert evidence.share.tolist() == [rows[name]["voice"]["share"] for name in names]
    assert np.isnan(evidence.tagger_heard).all()  # this tagger has no word for a voice


def test_other_files_in_the_same_folder_are_refused(music, tmp_path):
    out = tmp_path / "pass"
    passes.plan_pass(out, music, passes.find_audio(music))
    with pytest.raises(ValueError, match="a pass over other files"):
        passes.plan_pass(out, music, passes.find_audio(music)[:1])
    assert json.loads((out / "plan.json").read_text())["chunk"] == passes.CHUNK
