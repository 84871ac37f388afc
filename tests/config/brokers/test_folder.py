"""The folder broker: what a writer had begun, or a full disk had no room for, ends no worker."""

import errno
from pathlib import Path
from queue import Empty

import pytest
from kombu import Connection
from kombu.exceptions import ChannelError

from config.brokers import folder as folder_broker
from config.celery import app


def name_of(folder: Path) -> str:
    """A queue's name of its own: the transport remembers for the process what it declared, whatever the folder."""
    return folder.name.replace("_", "-")


@pytest.fixture
def queue_of(tmp_path):
    """A queue in a folder of its own, by a transport."""
    opened = []

    def make(transport):
        folders = {
            "data_folder_in": tmp_path,
            "data_folder_out": tmp_path,
            "control_folder": tmp_path / "control",
        }
        connection = Connection(transport=transport, transport_options={k: str(v) for k, v in folders.items()})
        opened.append(connection)
        return connection.SimpleQueue(name_of(tmp_path))

    yield make
    for connection in opened:
        connection.release()


@pytest.fixture
def queue(queue_of):
    return queue_of("filesystem")


def messages(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.is_file()]


def test_the_folder_is_this_projects_broker():
    with app.connection_for_write() as connection:
        assert isinstance(connection.transport, folder_broker.Transport)


def test_messages_come_out_as_they_went_in(queue):
    for number in range(3):
        queue.put({"step": number})
    assert [queue.get(timeout=60).payload["step"] for _ in range(3)] == [0, 1, 2]


@pytest.mark.parametrize("begun", [b"", b'{"body": "W1'])
def test_what_is_no_message_is_skipped(queue, tmp_path, begun):
    (tmp_path / f"-begun.{name_of(tmp_path)}.msg").write_bytes(begun)
    queue.put({"step": 1})
    assert queue.get(timeout=60).payload == {"step": 1}
    assert messages(tmp_path) == []


@pytest.mark.parametrize("begun", [b"", b'{"body": "W1'])
def test_kombus_own_ends_with_it(queue_of, tmp_path, begun):
    """The control: this is what ends a worker."""
    (tmp_path / f"-begun.{name_of(tmp_path)}.msg").write_bytes(begun)
    with pytest.raises(ValueError, match=r"Expecting value|Unterminated string"):
        queue_of("kombu.transport.filesystem:Transport").get(timeout=1)


def test_a_full_disk_leaves_no_half_message(queue, tmp_path, monkeypatch):
    def full(self, data):
        self.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(ChannelError, match="No space left"):
            queue.put({"step": 1})
    assert messages(tmp_path) == []
    with pytest.raises(Empty):
        queue.get(block=False)
