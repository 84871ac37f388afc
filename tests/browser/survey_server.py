"""The survey on a real server with a database of its own, for the browser tests.

python -m tests.browser.survey_server DIR PORT [SHARED]

SHARED is a folder in which the first of several keeps its studies, for the others to copy.
"""

import fcntl
import os
import shutil
import sys
from pathlib import Path


def main(folder: str, port: str, shared: str = "") -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    os.environ["EARSIGHT_TEST_DATA"] = folder
    os.environ["EARSIGHT_LOG_LEVEL"] = "ERROR"
    os.environ["EARSIGHT_BASE_URL"] = f"http://127.0.0.1:{port}"
    import django

    django.setup()
    from django.core.management import call_command

    call_command("compile_translations", verbosity=0)
    if shared:
        copy_or_make(Path(folder), Path(shared))
    else:
        make_studies()
    call_command("runserver", port, use_reloader=False, verbosity=0)


def copy_or_make(folder: Path, shared: Path) -> None:
    """Copy what another server has made, or make it and leave a copy."""
    from django.db import connection

    made = shared / "made"
    with (shared / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if made.exists():
            shutil.copytree(made, folder, dirs_exist_ok=True)
            return
        make_studies()
        connection.close()
        shutil.copytree(folder, shared / "copying", ignore=shutil.ignore_patterns("log"), dirs_exist_ok=True)
        (shared / "copying").rename(made)


def make_studies() -> None:
    """Make the studies that the tests answer, each under its own link."""
    from study.instruments.presets import PRESETS
    from study.participants.questions import shipped_question_set
    from tests.factories import add_clip, make_open_study, make_study, open_with_images
    from tests.migrated import make_tables
    from tests.study.instruments.kinds import ALONE, EVERYTHING

    make_tables()
    for count in (2, 3, 4, 5, 6):
        make_open_study(clips=3, conditions=count, seconds=1.0, open_link_token=f"images{count}", sound_check=True)
    make_open_study(clips=3, seconds=1.0, open_link_token="reasons", sound_check=True, ask_reason=True)
    # Their images have several sizes.
    open_with_images(make_study(clips=3, seconds=1.0, size=900, open_link_token="sizes", sound_check=True))
    for count in (2, 3, 6):
        study = make_study(clips=1, conditions=count, size=900, open_link_token=f"sizes{count}", sound_check=True)
        open_with_images(study)
    make_open_study(clips=1, seconds=5.0, open_link_token="longer", sound_check=True)
    study = make_open_study(
        clips=1,
        seconds=1.0,
        open_link_token="options",
        sound_check=True,
        practice_trial=True,
        ask_reason=True,
        allow_none_fits=True,
        ask_familiarity=True,
        headphone_check=True,
        feedback=True,
        second_choice_required=False,
        questions_before=shipped_question_set("musical_experience"),
    )
    add_clip(study, 9, seconds=1.0, is_practice=True)
    for name, instrument in (PRESETS | {"everything": EVERYTHING, "alone": ALONE}).items():
        token = name.replace("_", "-")
        images = 2 if name == "pairs" else 4
        fields = {"seconds": 1.0, "open_link_token": token, "sound_check": True, "instrument": instrument}
        make_open_study(clips=2, conditions=images, **fields)


if __name__ == "__main__":
    main(*sys.argv[1:])
