"""The folder broker: an incomplete message, of a killed writer or a full disk, does not end a worker."""

import errno
import os
from concurrent.futures import ThreadPoolExecutor
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
    def full(handle, _mode):
        os.close(handle)
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("study.stored_files.whole.os.fdopen", full)
        with pytest.raises(ChannelError, match="No space left"):
            queue.put({"step": 1})
    assert messages(tmp_path) == []
    assert not list(tmp_path.rglob("*.part"))
    with pytest.raises(Empty):
        queue.get(block=False)


KOMBUS = "kombu.transport.filesystem:Transport"


@pytest.fixture
def channel_of(queue_of, tmp_path):
    """Return a function that opens a channel of a transport in the folder, as each worker has its own."""
    (tmp_path / "control").mkdir()
    return lambda transport: queue_of(transport).channel


def tables_left_incomplete(tmp_path):
    (tmp_path / "control" / "celery.exchange").write_bytes(b"")


def test_an_incomplete_table_of_queues_is_written_anew(channel_of, tmp_path):
    channel = channel_of("filesystem")
    tables_left_incomplete(tmp_path)
    channel._queue_bind("celery", "cpu", "", "cpu")
    assert [row.queue for row in channel.get_table("celery")] == ["cpu"]


def test_kombus_transport_fails_on_an_incomplete_table_of_queues(channel_of, tmp_path):
    """The control: a worker that starts while another writes the table ends by this error."""
    channel = channel_of(KOMBUS)
    tables_left_incomplete(tmp_path)
    with pytest.raises(ValueError, match="Expecting value"):
        channel._queue_bind("celery", "cpu", "", "cpu")


def test_workers_that_start_together_lose_no_queue(channel_of):
    channels = [channel_of("filesystem") for _ in range(4)]
    names = [f"{worker}-{number}" for worker in range(4) for number in range(25)]

    def bind(worker):
        for number in range(25):
            channels[worker]._queue_bind("celery", "key", "", f"{worker}-{number}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(bind, range(4)))
    assert sorted(row.queue for row in channels[0].get_table("celery")) == sorted(names)
    channels[0]._delete("0-0", "celery", "key", "")
    assert len(channels[1].get_table("celery")) == 99
