"""Digests follow content: a replaced file is noticed however it was replaced, and an unchanged one is read once."""

import os
from pathlib import Path

import pytest

from study import digests
from study.digests import MISSING, DigestUnknown, file_digest, path_digest


@pytest.fixture
def reads(monkeypatch) -> list[str]:
    """The names of the files that were read, in order; times of change count as long past."""
    names: list[str] = []
    digest = digests.hashlib.file_digest

    def counted(file, name):
        names.append(Path(file.name).name)
        return digest(file, name)

    monkeypatch.setattr(digests.hashlib, "file_digest", counted)
    monkeypatch.setattr(digests, "_SETTLED_NS", -(10**18))
    return names


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "unet").mkdir()
    (tmp_path / "unet" / "model.safetensors").write_bytes(b"weights")
    (tmp_path / "model_index.json").write_text("{}")
    return tmp_path


def test_an_unchanged_file_is_read_once(folder, reads):
    first = path_digest(folder)
    assert path_digest(folder) == first
    assert reads == ["model_index.json", "model.safetensors"]


def test_a_file_of_the_same_size_and_time_is_noticed(folder, reads):
    path = folder / "unet" / "model.safetensors"
    before, times = path_digest(folder), (path.stat().st_atime_ns, path.stat().st_mtime_ns)
    path.write_bytes(b"WEIGHTS")
    os.utime(path, ns=times)
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (7, times[1])
    assert path_digest(folder) != before


def test_a_file_that_was_moved_into_the_place_is_noticed(folder, tmp_path, reads):
    path, other = folder / "unet" / "model.safetensors", folder / "unet" / "other"
    other.write_bytes(b"WEIGHTS")
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    before = file_digest(path)
    other.replace(path)
    assert file_digest(path) != before


def test_a_file_that_changed_a_moment_ago_is_read_again(tmp_path, monkeypatch):
    """Two changes within one tick of the file system's clock leave the same times."""
    path = tmp_path / "head.pt"
    path.write_bytes(b"first")
    before = file_digest(path)
    stamp = digests._stamp(path)
    monkeypatch.setattr(digests, "_stamp", lambda path: stamp)
    path.write_bytes(b"other")
    assert file_digest(path) != before
    monkeypatch.setattr(digests, "_SETTLED_NS", -(10**18))  # the control: without the wait the change is missed
    file_digest(path)
    path.write_bytes(b"third")
    assert file_digest(path) == digests.hashlib.sha256(b"other").hexdigest()


def test_names_count_in_a_folder_but_neither_its_place_nor_texts_for_people(folder, tmp_path_factory):
    before = path_digest(folder)
    for name in ("README.md", ".gitattributes", "sample.png"):
        (folder / name).write_text("for people")
    assert path_digest(folder) == before
    elsewhere = folder.rename(tmp_path_factory.mktemp("elsewhere") / "model")
    assert path_digest(elsewhere) == before
    (elsewhere / "model_index.json").rename(elsewhere / "index.json")
    assert path_digest(elsewhere) != before


def test_a_part_of_a_folder(folder):
    only = ("tokenizer*/*", "model_index.json")
    before = path_digest(folder, only)
    (folder / "unet" / "model.safetensors").write_bytes(b"others")
    assert path_digest(folder, only) == before
    (folder / "tokenizer_2").mkdir()
    (folder / "tokenizer_2" / "vocab.json").write_text("{}")
    assert path_digest(folder, only) != before


def test_what_is_missing_has_no_content(folder):
    assert path_digest(folder / "head.pt") == MISSING
    whole = path_digest(folder)
    (folder / "unet" / "link.safetensors").symlink_to(folder / "nowhere")
    assert path_digest(folder) not in (whole, MISSING)
    (folder / "unet" / "up").symlink_to(folder)  # a circle ends
    path_digest(folder)


def test_a_process_that_should_not_wait_reads_no_large_file(folder, reads, monkeypatch):
    monkeypatch.setattr(digests, "QUICK", 8)
    with pytest.raises(DigestUnknown, match="large"):
        path_digest(folder, read=False)
    assert reads == []
    whole = path_digest(folder)
    assert path_digest(folder, read=False) == whole  # known by now
    with pytest.raises(DigestUnknown, match="not on this machine"):
        path_digest(folder / "nowhere", read=False)
