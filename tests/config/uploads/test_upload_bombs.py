"""Whatever is uploaded, the web process stays small and answers participants meanwhile."""

import re
import sys

import pytest
from django.conf import settings

from tests.config.uploads.web_process import Uploads, database_url, served
from tests.factories import make_open_study, make_study
from tests.services import own_port

MEGABYTES = 200
# One of each kind; `benchmarks/upload_bombs.py` sends all of them, ten times as large.
BOMBS = (
    "WAV of 1,000 channels",
    "FLAC of silence, 8 channels",
    "OGG of thousands of recordings",
    "MP3 behind an ID3 picture",
    "PNG of 49 million pixels",
    "GIF of many pictures",
    "zip with false sizes",
    "zip of overlapping members",
    "spreadsheet with a row of a trillion",
    "predictions of a whole data set",
    "rules of aliases of aliases",
    "own picture of 49 million pixels",
    "analysis of 65 MB of zeros",
    "analysis of millions of lists",
    "analysis of a hundred thousand levels",
)


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process's memory is read from /proc")
@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_no_upload_fills_or_stops_the_web_process(client, tmp_path):
    make_open_study(clips=1, open_link_token="survey")
    draft = make_study(clips=1, conditions=2)
    client.force_login(draft.owner)
    environment = {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "EARSIGHT_TEST_DATA": str(settings.DATA_DIR),
        "EARSIGHT_DATABASE_URL": database_url(),
        "EARSIGHT_LOG_LEVEL": "CRITICAL",
    }
    uploads = Uploads(draft, "survey", tmp_path)
    with served(own_port(), environment, client.cookies["earsight_session"].value) as web:
        for name in BOMBS:
            _size, answer, said = uploads.send(web, name, 1)
            assert re.search(said, answer.text), (name, answer)
            assert answer.megabytes < MEGABYTES, (name, answer)
            assert len(answer.survey) > 1, (name, answer)  # participants were answered before the upload was
