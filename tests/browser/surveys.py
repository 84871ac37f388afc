"""The survey of the browser tests: its server, and the ways through its pages."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, expect

from config.demo.processes import wait_until_served
from tests.browser.journey import press
from tests.services import PATIENCE, own_port

ROOT = Path(__file__).resolve().parents[2]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DESKTOP = {"viewport": {"width": 1180, "height": 770}, "has_touch": False, "is_mobile": False}


class Server:
    """A running survey and what its database says."""

    def __init__(self, url: str, database: Path) -> None:
        self.url, self.database = url, database

    def ask(self, query: str, *values: object) -> list:
        with sqlite3.connect(self.database, timeout=PATIENCE) as connection:
            return connection.execute(query, values).fetchall()

    def ballots(self, page: Page) -> int:
        return self.ask(
            "select count(*) from study_ballot b join study_trial t on t.id = b.trial_id "
            "join study_participant p on p.id = t.participant_id where p.handle = ?",
            page.url.split("/")[4],
        )[0][0]

    def counts(self, page: Page) -> list[int]:
        """How many answers the browser had given with each ballot."""
        rows = self.ask(
            "select b.browser_count from study_ballot b join study_trial t on t.id = b.trial_id "
            "join study_participant p on p.id = t.participant_id where p.handle = ? order by t.number",
            page.url.split("/")[4],
        )
        return [count for (count,) in rows]

    def revisions(self, page: Page) -> int:
        return self.ask(
            "select count(*) from study_ballotrevision r join study_ballot b on b.id = r.ballot_id "
            "join study_trial t on t.id = b.trial_id join study_participant p on p.id = t.participant_id "
            "where p.handle = ?",
            page.url.split("/")[4],
        )[0][0]


@contextmanager
def running_survey(folder: Path, shared: Path | None) -> Iterator[Server]:
    """Start the survey in `folder`, and end it afterwards; the processes of a run share what is made in `shared`."""
    port = own_port()
    command = [sys.executable, "-m", "tests.browser.survey_server", str(folder), str(port)]
    if shared is not None:
        shared.mkdir(exist_ok=True)
        command.append(str(shared))
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=log, stderr=log, env=os.environ | {"PYTHONPATH": str(ROOT)}
        )
        try:
            url = f"http://127.0.0.1:{port}"
            while not wait_until_served(f"{url}/s/images4/", 1):
                assert process.poll() is None, (folder / "log").read_text()[-3000:]
            yield Server(url, folder / "earsight.sqlite3")
        finally:
            process.terminate()
            process.wait(PATIENCE)


def to_trials(page: Page, server: Server, token: str = "images4") -> None:
    """From the open link to the first trial of a study without questions, in any language."""
    page.goto(f"{server.url}/s/{token}/")
    go_on = page.locator("main form .button.primary")
    press(go_on)
    page.locator("[name=agree]").check()
    for _step in ("consent", "sound check", "instructions"):
        press(go_on)
    page.wait_for_selector("#trial")


def choose(page: Page, first: str = "B", second: str = "C") -> None:
    page.locator(".play").click()
    page.locator(f"[data-letter={first}] .pick").click()
    page.locator(f"[data-letter={second}] .pick").click()
    expect(page.locator(".next")).to_have_attribute("aria-disabled", "false")
