"""Every page of the console in a browser: axe finds no fault in it, it is no wider than its window, no script of it
fails, and it keeps to the content policy.

The pages of a draft come from `tests/config/addresses.py`, with those of other states that look another way.
"""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page

from analysis.study_results.analyses import build_analysis
from analysis.study_results.shared_reports import share_report
from study.models import Role, Study
from study.setup.api_tokens import make_token
from study.setup.invitations import invite
from tests.analysis.answered_studies import closed_study
from tests.browser.journey import press
from tests.browser.test_console import DESKTOP, PHONE, faults, signed_in
from tests.browser.test_content_policy import watch
from tests.browser.test_review import painted
from tests.config.addresses import AUDIENCE, SIGNED_IN, body, browser, named_addresses_of
from tests.factories import StudyFactory, UserFactory, make_open_study, make_study
from tests.generation.studies import doubt
from tests.study.participants.question_kinds import EVERY_KIND

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]
# Pages that look another way in another state, or are only there.
OF_OTHER_STATES = {
    "empty": "study_clips study_tags study_monitor study_results generation_run generation_decide",
    "read": "study_overview study_plan study_members generation_settings",
    "running": "study_overview study_plan study_open study_monitor study_links study_payment study_results"
    " study_stages study_versions"
    " generation_review",
    "closed": "study_open study_monitor study_participants study_results study_share study_gallery study_report"
    " study_figures study_publish",
}
OF_NO_STUDY = (
    "study_list glossary study_create study_import deleted_studies form_answers account account_delete second_factor"
    " forgotten_password compare_studies"
)


@pytest.fixture
def studies(transactional_db: None) -> SimpleNamespace:
    """One study in each state, of a researcher and a colleague with long names."""
    mina = UserFactory(username="mina")
    colleague = UserFactory(username="a-colleague-with-a-very-long-name@department.example.org", first_name="긴 이름")
    draft = make_study(clips=3, owner=mina, title="아주 긴 제목 " * 20, slug="draft", questions_before=EVERY_KIND)
    draft.clips.update(imported_tags=["seen live", "giutar", "긴 한국어 태그 " * 6])
    doubt(painted(draft).clips.get(number=1))
    draft.files.create(kind="rules", name="rules.yaml", digest="0" * 64, text="name: Rules", summary={"rules": 1})
    draft.jobs.create(kind="table", arguments={"name": "ballots.csv"})
    draft.participants.create(number=1, token_hash="0" * 64)
    draft.memberships.create(user=colleague, role=Role.RUNNER)
    invite(draft, "somebody.with.a.long.address@department.example.org", role=Role.READER, actor=mina)
    read = make_study(clips=1, owner=colleague, slug="read")
    read.memberships.create(user=mina, role=Role.READER, offered_ownership=True)
    StudyFactory(owner=mina, slug="empty")
    make_open_study(clips=2, owner=mina, slug="running", target_participants=30)
    closed = closed_study(clips=1, people=2, owner=mina, slug="closed")
    make_token(draft, "노트북 " * 20, timezone.localdate(), actor=mina)
    build_analysis(closed)
    _share, shared = share_report(closed, timezone.localdate(), "긴 이름의 심사위원 " * 9, actor=mina)
    return SimpleNamespace(mina=mina, draft=draft, shared=urlsplit(shared).path)


def pages_of(study: Study) -> Iterator[tuple[str, str]]:
    """Yield each address of the study at which its owner finds a page, with its name."""
    owner = browser(study.owner)
    for name, address in named_addresses_of(study):
        response = owner.get(address)
        if response.status_code == 200 and b"<main" in body(response):
            yield name, address


def left_out(studies: SimpleNamespace, of_draft: set[str]) -> list[str]:
    """What is missing in a draft and is no file, no part of a page and no form is looked at in another state."""
    owner = browser(studies.mina)
    closed = dict(named_addresses_of(Study.objects.get(slug="closed")))
    seen = of_draft | set(" ".join(OF_OTHER_STATES.values()).split())
    left = [name for name, _address in pages_of(Study.objects.get(slug="closed")) if name not in seen]
    left += [name for name in AUDIENCE[SIGNED_IN] if name not in OF_NO_STUDY.split()]
    missing = [name for name, address in named_addresses_of(studies.draft) if owner.get(address).status_code == 404]
    return left + [name for name in missing if name not in seen and owner.get(closed[name]).status_code == 404]


def look_at(page: Page, address: str = "") -> list[str]:
    """Open the page at the address, or stay; return its faults on a phone and, in dark, on a desktop."""
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="light")
    if address:
        page.goto(address)
    found = faults(page)
    page.set_viewport_size(DESKTOP)
    page.emulate_media(color_scheme="dark")
    return found + [f"desktop, dark: {fault}" for fault in faults(page)]


def test_no_page_is_left_out_and_none_has_a_fault(
    chromium: Browser, live_server: Any, studies: SimpleNamespace
) -> None:
    pages = dict(pages_of(studies.draft))
    assert left_out(studies, set(pages)) == ["job_file", "study_interface_picture"], "files that are not there yet"
    page = signed_in(chromium, live_server.url, PHONE, reduced_motion="reduce")
    found: list[str] = []
    watch(page, found)
    of_others = [reverse(name, args=[slug]) for slug, names in OF_OTHER_STATES.items() for name in names.split()]
    of_no_study = [
        *map(reverse, OF_NO_STUDY.split()),
        studies.shared,
        reverse("study_log", args=["draft"]) + "?sign-ins",
        reverse("invitation", args=["used-link"]),
        reverse("set_password", args=["MQ", "used-link"]),
        "/console/no/such/page/",
    ]
    for language, addresses in (("en", [*pages.values(), *of_no_study]), ("ko", of_others)):
        page.set_extra_http_headers({"Accept-Language": language})
        for address in addresses:
            found += look_at(page, address)
    assert page.locator("html").get_attribute("lang") == "ko"
    page.goto(reverse("generation_review", args=["draft"]))
    press(page.locator("[data-approve-page] button"))
    found += look_at(page)
    assert found == []
