"""Fifty people arrive at once: `python -m tests.study.participants.arrivals FOLDER PEOPLE [--without-lock]`.

Prints their slots, how many are counted and the errors as JSON: a web server and its visitors, with real requests and
real transactions on the database of EARSIGHT_DATABASE_URL. With `--one-person` all come under one id of a recruiting
platform; `--without-check` removes what lets only one of them count, as a control.
"""

import http.client
import json
import os
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

from config.demo.processes import wait_until_served
from tests.services import PATIENCE, own_port

TOKEN = "everybody"


def serve(port: int, people: int, options: list[str]) -> subprocess.Popen:
    """A server with a thread for each visitor, in two processes."""
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "tests.study.participants.arrivals_site",
        "--bind",
        f"127.0.0.1:{port}",
        "--workers",
        "2",
        "--preload",  # imports once, not in each process
        "--threads",
        str(people // 2 + 1),
        "--log-level",
        "critical",
    ]
    return subprocess.Popen(command, env=os.environ | {"EARSIGHT_TEST_REMOVED": " ".join(options)})


def arrive(port: int, together: threading.Barrier, path: str) -> str:
    """Looks at the open link, waits for the others, and presses Start; what went wrong, if anything."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        csrf = answer.headers["Set-Cookie"].split("csrftoken=")[1].split(";")[0]
        key = re.search(r'name="key" value="([^"]+)"', answer.read().decode())
        connection.close()  # a server does not keep it for as long as the others may take
        together.wait(PATIENCE)
        body = urlencode({"key": key[1] if key else "", "csrfmiddlewaretoken": csrf})
        kind = "application/x-www-form-urlencoded"
        connection.request("POST", path, body, {"Cookie": f"csrftoken={csrf}", "Content-Type": kind})
        answer = connection.getresponse()
        is_right = answer.status == 303 and answer.headers["Location"].startswith("/q/")
        return "" if is_right else f"status {answer.status}"
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__
    finally:
        connection.close()


def main(folder: str, people: int, options: list[str]) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    os.environ["EARSIGHT_TEST_DATA"] = folder
    os.environ["EARSIGHT_LOG_LEVEL"] = "CRITICAL"
    import django

    django.setup()

    from tests.factories import make_open_study
    from tests.migrated import make_tables

    make_tables()
    one_person = "--one-person" in options
    study = make_open_study(clips=1, open_link_token=TOKEN, recruitment_platform="prolific" if one_person else "")
    path = f"/s/{TOKEN}/" + ("?PROLIFIC_PID=ada" if one_person else "")
    port, together = own_port(), threading.Barrier(people)
    server = serve(port, people, options)
    try:
        assert wait_until_served(f"http://127.0.0.1:{port}/s/{TOKEN}/", patience=PATIENCE)
        with ThreadPoolExecutor(people) as pool:
            errors = [error for error in pool.map(lambda _: arrive(port, together, path), range(people)) if error]
    finally:
        server.terminate()
        server.wait(PATIENCE)
    slots = sorted(study.participants.values_list("slot", flat=True))
    counted = study.participants.filter(excluded=False).count()
    sys.stdout.write(json.dumps({"slots": slots, "counted": counted, "errors": errors}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
