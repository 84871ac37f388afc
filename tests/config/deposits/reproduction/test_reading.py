"""A deposit is untrusted input: nothing lies outside it, nothing fills a disk, and what was changed is named."""

import hashlib
import zipfile
from pathlib import Path

import pytest

from config.bundles.reading import Unreadable
from config.deposits import paths
from config.deposits.reproduction import reproducing
from config.deposits.reproduction.fresh_environment import fresh_python
from config.deposits.reproduction.reading import opened
from config.deposits.reproduction.reproducing import reproduce


def sums(**files: bytes) -> bytes:
    return "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items()).encode()


def packed(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def faults(path: Path) -> list[str]:
    with opened(path) as files:
        return files.check_sums()[1]


def test_a_folder_and_a_zip_with_or_without_a_folder_around_it_are_read_alike(tmp_path: Path) -> None:
    whole = {"README.md": b"read me", paths.SUMS: sums(**{"README.md": b"read me"})}
    folder = tmp_path / "folder"
    folder.mkdir()
    for name, content in whole.items():
        (folder / name).write_bytes(content)
    around = {f"my-deposit/{name}": content for name, content in whole.items()}
    for path in (folder, packed(tmp_path / "a.zip", whole), packed(tmp_path / "b.zip", around)):
        with opened(path) as files:
            assert files.names == set(whole)
            assert files.check_sums() == ({"README.md": hashlib.sha256(b"read me").hexdigest()}, [])
    (folder / "README.md").write_bytes(b"read you")
    (folder / "added.txt").write_bytes(b"new")
    (folder / "link").symlink_to("/etc/hostname")
    assert faults(folder) == [
        "link: it is a link or no file.",
        f"added.txt is not in {paths.SUMS}: it was added later.",
        "README.md was changed: its checksum differs.",
    ]
    (folder / "README.md").unlink()
    assert "README.md is missing." in faults(folder)


def test_a_hostile_zip_is_named_and_not_unpacked(tmp_path: Path) -> None:
    plain = {paths.SUMS: sums(a=b"a"), "a": b"a"}
    assert faults(packed(tmp_path / "a.zip", plain | {"../out.txt": b"x"})) == [
        "../out.txt: its name leads out of the folder; do not unpack this zip."
    ]
    bomb = packed(tmp_path / "b.zip", plain | {"big.csv": bytes(8 * 2**20)})
    assert faults(bomb) == ["big.csv: unpacked it would be too large; it was made to fill a disk."]
    twice = packed(tmp_path / "c.zip", plain)
    with zipfile.ZipFile(twice, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("a", b"b")
    assert "a is there twice." in faults(twice)
    beside = packed(tmp_path / "d.zip", {f"in/{name}": content for name, content in plain.items()} | {"x": b"x"})
    assert faults(beside) == ["x: it lies beside the deposit."]
    assert not (tmp_path / "out.txt").exists()


def test_a_table_that_is_gone_or_a_link_is_named(tmp_path: Path) -> None:
    whole = dict.fromkeys(reproducing._NEEDED, b"{}")
    for name in (paths.PAINTINGS, paths.CLIPS_LEFT_OUT, paths.BALLOTS):
        files = {one: content for one, content in whole.items() if one != name}
        with pytest.raises(Unreadable, match=rf"^{name}: not in it"):
            reproduce(packed(tmp_path / "a.zip", files | {paths.SUMS: sums(**files)}))
    for name, content in (files | {paths.SUMS: sums(**whole)}).items():
        (tmp_path / "d" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "d" / name).write_bytes(content)
    (tmp_path / "d" / paths.BALLOTS).symlink_to(tmp_path / "a.zip")
    with pytest.raises(Unreadable, match=rf"{paths.BALLOTS}: it is a link or no file\.$"):
        reproduce(tmp_path / "d")


def test_options_with_more_values_than_any_deposit_s_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = dict.fromkeys(reproducing._NEEDED, b"{}") | {paths.ANALYSIS: b'{"a": [1,2,3,4,5]}'}
    path = packed(tmp_path / "a.zip", files | {paths.SUMS: sums(**files)})
    monkeypatch.setattr(reproducing, "MAX_VALUES", 4)
    with pytest.raises(Unreadable, match=r"analysis\.json has more values than any deposit's"):
        reproduce(path)
    monkeypatch.setattr(reproducing, "MAX_TABLE_BYTES", 10)
    with pytest.raises(Unreadable, match=r"analysis\.json is larger than any deposit's"):
        reproduce(path)


def test_what_is_no_deposit_is_refused_in_a_sentence(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("only words")
    with pytest.raises(Unreadable, match="neither a folder nor a zip"):
        reproduce(text)
    with pytest.raises(Unreadable, match="this is no deposit, or it was cut short"):
        reproduce(tmp_path)
    with pytest.raises(Unreadable, match=r"plan\.json, .*nothing to make again"):
        reproduce(packed(tmp_path / "a.zip", {paths.SUMS: sums(a=b"a"), "a": b"a"}))
    with pytest.raises(Unreadable, match="names no version of scipy, django"):
        fresh_python(tmp_path / "new", {"numpy": "2.0.0", "scipy": "--index-url=http://x"})
