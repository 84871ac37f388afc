"""The real annotation file, read once for all tests of this room."""

from pathlib import Path

import pytest

from generation.redefinition.tag_files import TagTable, read_tag_table


@pytest.fixture(scope="session")
def annotations_file(shared_data: Path) -> Path:
    return shared_data / "mtat" / "annotations_final.csv.xz"


@pytest.fixture(scope="session")
def annotations(annotations_file: Path) -> TagTable:
    return read_tag_table(annotations_file)
