"""MagnaTagATune, the store of decoded audio, and metrics."""

import os
from types import SimpleNamespace

import numpy as np
import pytest

from generation.tagging.magnatagatune import AnnotationError, read_annotations, split_data
from generation.tagging.metrics import score_tagging, tune_thresholds
from generation.tagging.store import NO_FILE, ArrayClips, AudioStore, StoreError, Subset, build_store


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

    def test_clips_without_any_of_the_tags_are_kept_or_dropped(self, annotations):
        """The two numbers of clips in the literature: 25,860 with the untagged ones and 21,108 without."""
        table = annotations.choose(annotations.top(50))
        names = [str(clip) for clip in table.clip_ids]
        store = SimpleNamespace(names=names, subset=lambda indices: Subset(ArrayClips(()), tuple(indices)))
        kept, dropped = (
            [split_data(table, store, name, untagged) for name in ("train", "valid", "test")]
            for untagged in ("keep", "drop")
        )
        assert [len(split.clips) for split in kept] == [18_706, 1_825, 5_329]
        assert [len(split.clips) for split in dropped] == [15_247, 1_529, 4_332]
        assert [split.untagged for split in kept] == [split.untagged for split in dropped] == [3_459, 296, 997]
        assert (sum(len(split.clips) for split in kept), sum(len(split.clips) for split in dropped)) == (25_860, 21_108)
        assert all(split.labels.any(axis=1).all() for split in dropped)

    def test_tags_that_nobody_gave_are_not_learned(self, tmp_path):
        (tmp_path / "a.csv").write_text("clip_id\trock\tharp\tmp3_path\n1\t1\t0\ta\n2\t0\t0\tb\n")
        assert read_annotations(tmp_path / "a.csv").top(50) == ("rock",)

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("clip_id\trock\n1\t0\n", "no column 'mp3_path'"),
            ("clip_id\trock\tmp3_path\n1\t0\ta\n1\t1\tb\n", "row 3: clip 1 is given twice"),
            ("clip_id\trock\tmp3_path\n1\t2\ta\n", "row 2, column 'rock': 2 is neither 0 nor 1"),
            ("clip_id\trock\tmp3_path\n\n1\t\ta\n", "row 3, column 'rock': an empty cell is neither 0 nor 1"),
            ("clip_id\trock\trock\tmp3_path\n1\t1\t0\ta\n", "the column 'rock' is there twice"),
            ("clip_id\trock\tmp3_path\nx\t1\ta\n", "row 2: the clip_id 'x' is no number"),
            ("clip_id\trock\tmp3_path\n1\t1\n", "row 2: 2 values under 3 headings"),
            ("", "the file is empty"),
        ],
    )
    def test_wrong_files_name_row_and_value(self, tmp_path, text, reason):
        (tmp_path / "a.csv").write_text(text)
        with pytest.raises(AnnotationError, match=reason):
            read_annotations(tmp_path / "a.csv")

    def test_an_annotation_file_is_read_as_every_table_is(self, tmp_path):
        text = "clip_id;rock;중국;mp3_path\r\n\r\n2;1;0;\r\n10;0.0;1;f/b.mp3\u200b\r\n;;;\r\n"
        (tmp_path / "a.csv").write_bytes(text.encode("utf-16"))
        table = read_annotations(tmp_path / "a.csv")
        assert (list(table.clip_ids), table.tags, table.paths) == ([2, 10], ("rock", "중국"), ("", "f/b.mp3"))
        assert table.labels.tolist() == [[1, 0], [0, 1]]


class TestStore:
    def test_clips_come_back_as_they_went_in(self, sound_files, tmp_path, tone):
        store = build_store(tmp_path / "s", sound_files, 8000)
        assert store.names == ["0", "1", "2"]
        np.testing.assert_allclose(store.read(1), tone(2.0, 8000), atol=2 / 32768)
        np.testing.assert_array_equal(store.read(1, 100, 50), store.read(1)[100:150])

    def test_a_bad_file_is_listed_and_stops_nothing(self, sound_files, tmp_path):
        sound_files[1][1].write_bytes(b"")
        store = build_store(tmp_path / "s", sound_files, 8000)
        assert store.names == ["0", "2"]
        assert [(entry.name, "empty" in entry.error) for entry in store.failed] == [("1", True)]

    def test_an_interrupted_store_goes_on_and_equals_one_made_at_once(self, sound_files, tmp_path):
        whole = build_store(tmp_path / "whole", sound_files, 8000)
        build_store(tmp_path / "s", sound_files[:2], 8000)
        with (tmp_path / "s" / "samples.i16").open("ab") as file:
            file.write(b"half a clip")
        with (tmp_path / "s" / "clips.jsonl").open("a") as file:
            file.write('{"name": "2", "off')
        seen = []
        store = build_store(tmp_path / "s", sound_files, 8000, on_clip=lambda done, total: seen.append(done))
        assert seen == [3]
        for index in range(3):
            np.testing.assert_array_equal(store.read(index), whole.read(index))

    def test_several_workers_give_the_same_store(self, sound_files, tmp_path):
        one = build_store(tmp_path / "one", sound_files, 8000)
        two = build_store(tmp_path / "two", sound_files, 8000, workers=2)
        assert one.entries == two.entries

    def test_the_digest_follows_the_sounds_and_is_kept_while_they_stay(self, sound_files, tmp_path, monkeypatch):
        store = build_store(tmp_path / "s", sound_files, 8000)
        digest = store.digest()
        assert build_store(tmp_path / "same", sound_files, 8000).digest() == digest
        assert build_store(tmp_path / "fewer", sound_files[:2], 8000).digest() != digest
        reads = []
        monkeypatch.setattr("generation.tagging.store.file_digest", lambda path: reads.append(path) or "ab" * 32)
        assert AudioStore(tmp_path / "s").digest() == digest
        assert reads == []
        path = tmp_path / "s" / "samples.i16"
        times, samples = (path.stat().st_atime_ns, path.stat().st_mtime_ns), bytearray(path.read_bytes())
        samples[1000] ^= 1
        path.write_bytes(samples)
        os.utime(path, ns=times)
        assert AudioStore(tmp_path / "s").digest() != digest
        assert reads == [path]

    def test_a_bad_file_that_was_deleted_is_left_out_for_good(self, sound_files, tmp_path):
        sound_files[1][1].write_bytes(b"no music")
        build_store(tmp_path / "s", sound_files, 8000)
        sound_files[1][1].unlink()
        for _ in range(2):
            store = build_store(tmp_path / "s", sound_files, 8000)
            assert (store.failed, [entry.name for entry in store.deleted]) == ([], ["1"])

    def test_a_file_that_never_was_there_stays_a_fault(self, sound_files, tmp_path):
        """The control: most of an archive that was not unpacked must not pass as deleted."""
        sound_files[1][1].unlink()
        for _ in range(2):
            store = build_store(tmp_path / "s", sound_files, 8000)
            assert ([entry.error for entry in store.failed], store.deleted) == ([NO_FILE], [])

    def test_another_rate_or_no_store_is_refused(self, sound_files, tmp_path):
        build_store(tmp_path / "s", sound_files[:1], 8000)
        with pytest.raises(StoreError, match="another sample rate"):
            build_store(tmp_path / "s", sound_files, 16_000)
        with pytest.raises(StoreError, match="no audio store; make it with"):
            AudioStore(tmp_path)

    def test_a_split_finds_its_clips_and_names_the_missing(self, sound_files, tmp_path):
        rows = ["clip_id\trock\tmp3_path", "0\t1\t0/a.mp3", "1\t0\tf/b.mp3", "9\t1\t1/c.mp3"]
        (tmp_path / "a.csv").write_text("\n".join(rows) + "\n")
        store = build_store(tmp_path / "s", sound_files, 8000)
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
