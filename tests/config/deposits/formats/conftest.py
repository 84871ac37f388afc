"""Both example deposits, whole, in folders; the network is cut while they are read."""

import socket
from dataclasses import dataclass
from pathlib import Path

import pytest

from config.deposits.description import Deposit
from config.deposits.formats import metadata_files
from tests.config.deposits import examples


@dataclass(frozen=True)
class Written:
    deposit: Deposit
    folder: Path

    def text(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")


def write_whole(deposit: Deposit, folder: Path) -> Written:
    """Write the metadata files beside the deposit's own."""
    for name, text in metadata_files(deposit).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8", newline="")
    return Written(deposit, folder)


@pytest.fixture(scope="session")
def choices(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("choices")
    return write_whole(examples.choices(folder), folder)


@pytest.fixture(scope="session")
def ratings(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("ratings")
    return write_whole(examples.ratings(folder), folder)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise AssertionError("a validator asked for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
