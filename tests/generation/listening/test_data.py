"""MagnaTagATune, the store of decoded audio, metrics, and the library pass."""

import json

import numpy as np
import pytest
import soundfile

from generation.library import passes, tasks
from generation.redefinition.voice_files import read_voice_table
from generation.tagging import MusicnnOptions
from generation.tagging.magnatagatune import AnnotationError, read_annotations, split_data
from generation.tagging.metrics import score_tagging, tune_thresholds
from generation.tagging.store import AudioStore, StoreError, build_store


@pytest.fixture(scope="module")
def annotations(shared_data):
    return read_annotations(shared_data / "mtat" / "annotations_final.csv.xz")


class TestMagnaTagATune:
    def test_the_whole_file_is_read_in_its_order(self, annotations, shared_data):
        assert annotations.labels.shape == (25_863, 188)
        assert list(annotations.tags) == (shared_data / "mtat" / "tags188.txt").read_text().split("\n")[:188]

    def test_the_standard_split_comes_out(self, annotations):
        assert [len(annotations.rows(name)) for name in ("train", "valid", "test")] == [18_706, 1_825, 5_329]

    def test_the_top_50_are_the_usual_ones(self, annotations, shared_data):
        usual = (shared_data / "mtat" / "tags50.txt").read_text().split("\n")
        assert set(annotations.top(50)) == {tag for tag in usual if tag}

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("clip_id\trock\n1\t0\n", "no column 'mp3_path'"),
            ("clip_id\trock\tmp3_path\n1\t0\ta\n1\t1\tb\n", "row 3: clip 1 is given twice"),
            ("clip_id\trock\tmp3_path\n1\t2\ta\n", "row 2, column 'rock': 2 is neither 0 nor 1"),
        ],
    )
    def test_wrong_files_name_row_and_value(self, tmp_path, text, reason):
        (tmp_path / "a.csv").write_text(text)
        with pytest.raises(AnnotationError, match=reason):
            read_annotations(tmp_path / "a.csv")


@pytest.fixture
def files(tmp_path, tone):
    made = []
    for number, seconds in enumerate((1.0, 2.0, 1.5)):
        path = tmp_path / f"{number}.wav"
        soundfile.write(path, tone(seconds, 8000), 8000)
        made.append((str(number), path))
    return made


class TestStore:
    def test_clips_come_back_as_they_went_in(self, files, tmp_path, tone):
        store = build_store(tmp_path / "s", files, 8000)
        assert store.names == ["0", "1", "2"]
        np.testing.assert_allclose(store.read(1), tone(2.0, 8000), atol=2 / 32768)
        np.testing.assert_array_equal(store.read(1, 100, 50), store.read(1)[100:150])

    def test_a_bad_file_is_listed_and_stops_nothing(self, files, tmp_path):
        files[1][1].write_bytes(b"")
        store = build_store(tmp_path / "s", files, 8000)
        assert store.names == ["0", "2"]
        assert [(entry.name, "empty" in entry.error) for entry in store.failed] == [("1", True)]

    def test_an_interrupted_store_goes_on_and_equals_one_made_at_once(self, files, tmp_path):
        whole = build_store(tmp_path / "whole", files, 8000)
        build_store(tmp_path / "s", files[:2], 8000)
        with (tmp_path / "s" / "samples.i16").open("ab") as file:
            file.write(b"half a clip")
        with (tmp_path / "s" / "clips.jsonl").open("a") as file:
            file.write('{"name": "2", "off')
        seen = []
        store = build_store(tmp_path / "s", files, 8000, on_clip=lambda done, total: seen.append(done))
        assert seen == [3]
        for index in range(3):
            np.testing.assert_array_equal(store.read(index), whole.read(index))

    def test_several_workers_give_the_same_store(self, files, tmp_path):
        one = build_store(tmp_path / "one", files, 8000)
        two = build_store(tmp_path / "two", files, 8000, workers=2)
        assert one.entries == two.entries

    def test_another_rate_or_no_store_is_refused(self, files, tmp_path):
        build_store(tmp_path / "s", files[:1], 8000)
        with pytest.raises(StoreError, match="another sample rate"):
            build_store(tmp_path / "s", files, 16_000)
        with pytest.raises(StoreError, match="no audio store; make it with"):
            AudioStore(tmp_path)

    def test_a_split_finds_its_clips_and_names_the_missing(self, files, tmp_path):
        rows = ["clip_id\trock\tmp3_path", "0\t1\t0/a.mp3", "1\t0\tf/b.mp3", "9\t1\t1/c.mp3"]
        (tmp_path / "a.csv").write_text("\n".join(rows) + "\n")
        store = build_store(tmp_path / "s", files, 8000)
        data = split_data(read_annotations(tmp_path / "a.csv"), store, "train")
        assert (data.clip_ids, data.missing, data.labels.tolist()) == ((0,), (9,), [[1]])
        assert len(data.clips.read(0)) == 8000
        with pytest.raises(AnnotationError, match="no clip of the valid split"):
            split_data(read_annotations(tmp_path / "a.csv"), store, "valid")


class TestMetrics:
    def test_scores_are_those_counted_by_hand(self):
        labels = np.array([[1, 0], [0, 0], [1, 0], [0, 0]])
        probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.1, 0.4]])
        scores = score_tagging(labels, probabilities)
        # pairs: 0.9 > 0.8, 0.9 > 0.1, 0.7 < 0.8, 0.7 > 0.1; precision 1/1 and 2/3 at the two hits
        assert scores.roc_auc == pytest.approx(3 / 4)
        assert scores.pr_auc == pytest.approx((1 + 2 / 3) / 2)
        assert scores.tags_scored == 1
        assert np.isnan(scores.roc_auc_per_tag[1])

    def test_ties_count_half(self):
        scores = score_tagging(np.array([[1], [0], [1], [0]]), np.full((4, 1), 0.5))
        assert (scores.roc_auc, scores.pr_auc) == (0.5, 0.5)

    def test_scores_agree_with_the_definition_on_random_data(self):
        rng = np.random.default_rng(0)
        labels = rng.integers(0, 2, (60, 3))
        probabilities = rng.integers(0, 9, (60, 3)) / 9
        scores = score_tagging(labels, probabilities)
        for tag in range(3):
            high = probabilities[labels[:, tag] == 1, tag][:, None]
            low = probabilities[labels[:, tag] == 0, tag][None]
            assert scores.roc_auc_per_tag[tag] == pytest.approx(((high > low) + 0.5 * (high == low)).mean())

    def test_thresholds_split_where_f1_is_highest(self):
        labels = np.array([[1, 0], [1, 0], [0, 0], [0, 0]])
        probabilities = np.array([[0.3, 0.9], [0.2, 0.1], [0.1, 0.1], [0.05, 0.1]])
        thresholds = tune_thresholds(labels, probabilities)
        assert thresholds.tolist() == pytest.approx([0.15, 0.5])

    @pytest.mark.parametrize("labels", [np.zeros((3, 1)), np.ones((3, 1))])
    def test_labels_that_cannot_be_scored_are_refused(self, labels):
        with pytest.raises(ValueError, match="none can be scored"):
            score_tagging(labels, np.full((3, 1), 0.5))


class _Tagger:
    name, vocabulary, identity = "loud", ("loud",), {"name": "loud"}

    def predict(self, waveforms, sample_rate):
        return np.array([[np.abs(wave).max()] for wave in waveforms], np.float32)


class TestLibrary:
    @pytest.fixture
    def music(self, files, tmp_path):
        (tmp_path / "broken.mp3").write_bytes(b"no music")
        return tmp_path

    def test_a_pass_goes_on_after_an_interruption_and_lists_bad_files(self, music, tmp_path):
        found = passes.find_audio(music)
        assert [path.name for path in found] == ["0.wav", "1.wav", "2.wav", "broken.mp3"]
        out = tmp_path / "pass"
        assert passes.plan_pass(out, music, found, chunk=2) == 2
        assert passes.listen_to_chunk(out, 1, _Tagger()) == 2
        assert passes.chunks_left(out) == [0]
        before = (out / "chunk-000001.json").read_bytes()
        for number in range(2):
            passes.listen_to_chunk(out, number, _Tagger())
        assert (out / "chunk-000001.json").read_bytes() == before
        rows = list(passes.read_rows(out))
        assert [row["file"] for row in rows] == ["0.wav", "1.wav", "2.wav", "broken.mp3"]
        assert "not an audio file" in rows[3]["error"] or "text file" in rows[3]["error"]
        assert rows[0]["tags"]["loud"] > 0.1
        progress = passes.progress_of(out)
        assert (progress.clips_done, progress.chunks_done) == (4, 2)

    def test_a_chunk_that_somebody_is_at_is_left_to_them(self, music, tmp_path):
        out = tmp_path / "pass"
        passes.plan_pass(out, music, passes.find_audio(music), chunk=2)
        with passes._claim(out, 0) as ours:
            assert ours
            assert passes.listen_to_chunk(out, 0, _Tagger()) == 0
            assert passes.listen_to_free_chunk(out, _Tagger())  # the other one
            assert not passes.listen_to_free_chunk(out, _Tagger())
        assert passes.chunks_left(out) == [0]
        assert passes.listen_to_free_chunk(out, _Tagger())  # its worker ended: it is free again
        assert passes.chunks_left(out) == []
        assert not list(out.glob("lock-*"))

    def test_what_ends_workers_is_left_alone_in_the_end(self, music, tmp_path):
        class Deadly(_Tagger):
            def predict(self, waveforms, sample_rate):
                raise KeyboardInterrupt

        out = tmp_path / "pass"
        passes.plan_pass(out, music, passes.find_audio(music))
        for _ in range(passes.MOST_TRIES):
            with pytest.raises(KeyboardInterrupt):
                passes.listen_to_free_chunk(out, Deadly())
        assert not passes.listen_to_free_chunk(out, Deadly())
        assert passes.given_up(out) == [0]
        assert passes.listen_to_chunk(out, 0, _Tagger()) == 4

    def test_a_strange_file_costs_only_itself(self, music, tmp_path):
        class Choosy(_Tagger):
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

    def test_messages_go_on_until_nothing_is_left(self, music, tmp_path, monkeypatch):
        sent = []
        monkeypatch.setattr(tasks.listen_on, "apply_async", lambda args, queue: sent.append(args))
        monkeypatch.setattr(tasks, "_tagger", lambda options: _Tagger())
        out = tmp_path / "pass"
        passes.plan_pass(out, music, passes.find_audio(music), chunk=1)
        assert tasks.queue_pass(out, MusicnnOptions()) == 4
        del sent[1:]  # the broker lost the others
        while sent:
            tasks.listen_on(*sent.pop())
        assert passes.progress_of(out).clips_done == 4

    def test_another_tagger_in_the_same_folder_is_refused(self, music, tmp_path):
        found = passes.find_audio(music)
        passes.plan_pass(tmp_path / "pass", music, found, "one")
        with pytest.raises(ValueError, match="a pass with another tagger"):
            passes.plan_pass(tmp_path / "pass", music, found, "other")

    def test_the_voice_evidence_is_written_for_redefinition(self, music, tmp_path):
        out = tmp_path / "pass"
        passes.plan_pass(out, music, passes.find_audio(music))
        passes.listen_to_chunk(out, 0, _Tagger())
        assert passes.write_voice_csv(out, tmp_path / "voice.csv") == 3
        names = ["2.wav", "0.wav", "1.wav"]
        evidence = read_voice_table(tmp_path / "voice.csv", ["a", "b", "c"], {"mp3_path": names})
        rows = {row["file"]: row for row in passes.read_rows(out)}
        assert evidence.share.tolist() == [rows[name]["voice"]["share"] for name in names]
        assert np.isnan(evidence.tagger_heard).all()  # this tagger has no word for a voice

    def test_other_files_in_the_same_folder_are_refused(self, music, tmp_path):
        out = tmp_path / "pass"
        passes.plan_pass(out, music, passes.find_audio(music))
        with pytest.raises(ValueError, match="a pass over other files"):
            passes.plan_pass(out, music, passes.find_audio(music)[:1])
        assert json.loads((out / "plan.json").read_text())["chunk"] == passes.CHUNK
