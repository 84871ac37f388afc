"""What all tests share: the real data, where it is present."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Shares the suite among processes: what takes long starts first, so that no process is left with it at the end.

    The tests of a file share their fixtures, so they stay together, but for those marked `long`, which are
    processes of their own and wait most of their time. What drives other processes, a browser say, is tried once
    more before its failure counts: a machine that stands still for seconds is no fault of ours.
    """
    for item in items:
        if item.get_closest_marker("long") is None:
            item.add_marker(pytest.mark.xdist_group(str(item.path)))
        if any(map(item.get_closest_marker, ("long", "processes"))):
            item.add_marker(pytest.mark.flaky(reruns=1))
    result = yield
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
    return result


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real audio and labels; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("EARSIGHT_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real audio and labels at {folder}; set EARSIGHT_SHARED_DATA to their folder")
    return folder


@pytest.fixture(scope="session")
def musicnn_folder(tmp_path_factory) -> Path:
    """Folder of musicnn's converted weights: those of the set-up, else fetched once for the session."""
    from generation.tagging.base import TaggingError
    from generation.tagging.files import default_weights_folder
    from generation.tagging.musicnn.weights import ensure_weights, weights_path

    folder = Path(os.environ.get("EARSIGHT_TEST_WEIGHTS", default_weights_folder()))
    if weights_path(folder).is_file():
        return folder
    folder = tmp_path_factory.mktemp("weights")
    try:
        ensure_weights(folder)
    except TaggingError as error:
        pytest.skip(f"musicnn's weights are neither under EARSIGHT_DATA nor to be fetched: {error}")
    return folder
