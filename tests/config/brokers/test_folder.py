"""The folder broker: an incomplete message, of a killed writer or a full disk, does not end a worker."""

import errno
from pathlib import Path
from queue import Empty

import pytest
from kombu import Connection
from kombu.exceptions import ChannelError

from config.brokers import folder as patched_folder
from config.celery import app


def queue_name(folder: Path) -> str:
    """Return a queue name for this folder only: the transport remembers declared queues for the whole process."""
    return folder.name.replace("_", "-")


@pytest.fixture
def queue_of(tmp_path):
    """Return a function that opens a queue in a new folder with the given transport."""
    opened = []

    def make(transport):
        folders = {
            "data_folder_in": tmp_path,
            "data_folder_out": tmp_path,
            "control_folder": tmp_path / "control",
        }
        connection = Connection(transport=transport, transport_options={k: str(v) for k, v in folders.items()})
        opened.append(connection)
        return connection.SimpleQueue(queue_name(tmp_path))

    yield make
    for connection in opened:
        connection.release()


@pytest.fixture
def queue(queue_of):
    return queue_of("filesystem")


def messages(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.is_file()]


def test_the_default_broker_is_the_patched_folder():
    with app.connection_for_write() as connection:
        assert isinstance(connection.transport, patched_folder.Transport)


def test_messages_come_out_unchanged_and_in_order(queue):
    for number in range(3):
        queue.put({"step": number})
    assert [queue.get(timeout=60).payload["step"] for _ in range(3)] == [0, 1, 2]


@pytest.mark.parametrize("content", [b"", b'{"body": "W1'])
def test_an_incomplete_message_is_skipped(queue, tmp_path, content):
    (tmp_path / f"-begun.{queue_name(tmp_path)}.msg").write_bytes(content)
    queue.put({"step": 1})
    assert queue.get(timeout=60).payload == {"step": 1}
    assert messages(tmp_path) == []


@pytest.mark.parametrize("content", [b"", b'{"body": "W1'])
def test_kombus_transport_fails_on_an_incomplete_message(queue_of, tmp_path, content):
    """The control: this error ends a worker."""
    (tmp_path / f"-begun.{queue_name(tmp_path)}.msg").write_bytes(content)
    with pytest.raises(ValueError, match=r"Expecting value|Unterminated string"):
        queue_of("kombu.transport.filesystem:Transport").get(timeout=1)


def test_a_full_disk_leaves_no_incomplete_message(queue, tmp_path, monkeypatch):
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
