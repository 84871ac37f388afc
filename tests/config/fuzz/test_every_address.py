"""Requests to every address by everybody, in every state of a study and at every stage of a participant.

Addresses come from the URL resolver and forms from the pages themselves, so that a new page is fuzzed by being there.
`make fuzz` sends 10,000 requests on each database; FUZZ_SEED and FUZZ_REQUESTS choose others, and how many.
"""

import logging
from collections.abc import Callable
from typing import Any
from zlib import crc32

import pytest
from django.conf import settings as project
from django.core.cache import cache
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, note, seed, settings
from hypothesis import strategies as st

from study.access import Access
from study.models import Participant, Role, Study
from tests.config.addresses import url_names
from tests.config.fuzz.checks import Faults, Server
from tests.config.fuzz.conftest import REQUESTS, SEED
from tests.config.fuzz.requests import FORM_TYPE, Book, Request, requests
from tests.config.fuzz.services_down import lost_database, services_down
from tests.config.fuzz.world import World

pytestmark = pytest.mark.django_db
NAMES = sorted(url_names())
STEPS = 10  # of a walk
WALKS = max(1, REQUESTS // 5 // STEPS)
WHILE_DOWN = REQUESTS // 10
EACH = max(1, round((REQUESTS - WALKS * STEPS - WHILE_DOWN) / len(NAMES)))


def _fuzz(count: int, what: str, test: Callable[[Any], None]) -> None:
    """Run the test on drawn data, which depends on FUZZ_SEED alone."""

    @seed(SEED * 1_000_003 + crc32(what.encode()))
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def run(data: Any) -> None:
        cache.clear()
        with transaction.atomic():
            test(data)
            transaction.set_rollback(True)

    run()


def test_every_page_opens_for_those_whose_it_is(book: Book) -> None:
    assert not book.faults, "\n\n".join(book.faults)


@pytest.mark.parametrize("name", NAMES)
def test_every_request_to_an_address_is_answered(name: str, world: World, server: Server, book: Book) -> None:
    def one_request(data: Any) -> None:
        address = data.draw(st.sampled_from(world.addresses[name]))
        request = data.draw(requests(world, book, address))
        note(str(request))
        server.send(request)

    _fuzz(EACH, name, one_request)


def _moves(world: World) -> st.SearchStrategy[Callable[[], object]]:
    """What happens to studies and people between two requests of a walk."""
    status = st.sampled_from(Study.Status.values)
    study = st.sampled_from(sorted(world.studies.values()))
    person = st.sampled_from(Participant.Status.values)
    return st.one_of(
        st.tuples(study, status).map(lambda drawn: lambda: Study.objects.filter(pk=drawn[0]).update(status=drawn[1])),
        st.tuples(study, person).map(
            lambda drawn: lambda: Participant.objects.filter(study=drawn[0]).update(status=drawn[1])
        ),
        study.map(lambda pk: lambda: Study.objects.get(pk=pk).members.clear()),
        study.map(lambda pk: lambda: Study.objects.filter(pk=pk).update(languages=["ko"], target_participants=1)),
    )


def test_every_request_of_a_walk_is_answered(world: World, server: Server, book: Book) -> None:
    def walk(data: Any) -> None:
        for _step in range(STEPS):
            if data.draw(st.integers(0, 4)) == 0:
                data.draw(_moves(world))()
            address = data.draw(st.sampled_from(world.addresses[data.draw(st.sampled_from(NAMES))]))
            request = data.draw(requests(world, book, address))
            note(str(request))
            server.send(request)

    _fuzz(WALKS, "walk", walk)


def test_no_request_ends_in_a_500_while_a_service_is_down(world: World, server: Server, book: Book) -> None:
    def one_request(data: Any) -> None:
        fail = data.draw(services_down())
        address = data.draw(st.sampled_from(world.addresses[data.draw(st.sampled_from(NAMES))]))
        request = data.draw(requests(world, book, address))
        note(str(request))
        with fail():
            server.send(request, is_service_down=True)

    _fuzz(WHILE_DOWN, "down", one_request)


def _writes(*_args: Any) -> str:
    Participant.objects.update(language="xx")
    return ""


def _logs(*_args: Any) -> str:
    logging.getLogger("study").error("something failed")
    return ""


def _path_of_server(*_args: Any) -> str:
    return str(project.DATA_DIR)


CONSENT = "study.survey.views.texts.consent"
FOUND = "study.console.common.access_or_404"
OVERVIEW, ANYBODYS_STUDY = "study_overview", lambda _user, slug: Access(Study.objects.get(slug=slug), Role.OWNER)
HEADERS_SET = "config.requests.response_headers.ResponseHeadersMiddleware.__call__"


def _sets_none(middleware: Any, request: Any) -> Any:
    return middleware.get_response(request)


@pytest.mark.parametrize(
    ("fault", "name", "role", "broken", "by"),
    [
        ("a 500", "survey_consent", "consent", CONSENT, None),
        ("logged", "survey_consent", "consent", CONSENT, _logs),
        ("GET wrote", "survey_consent", "consent", CONSENT, _writes),
        ("a path of the server", "survey_consent", "consent", CONSENT, _path_of_server),
        ("half got 200", "survey_consent", "half", "study.survey.cookies._is_of", lambda *_args: True),
        ("stranger got 200", OVERVIEW, "stranger", FOUND, ANYBODYS_STUDY),
        ("the title of a study of others", OVERVIEW, "stranger", FOUND, ANYBODYS_STUDY),
        ("names a condition of a sealed study", "study_describe", "owner", "study.models.Study.is_blinded", False),
        (
            "no Content-Security-Policy",
            OVERVIEW,
            "owner",
            HEADERS_SET,
            lambda self, request: self.get_response(request),
        ),
        ("queries", OVERVIEW, "owner", "tests.config.fuzz.checks.MOST_QUERIES_ELSEWHERE", 1),
    ],
)
def test_a_fault_is_found(
    fault: str, name: str, role: str, broken: str, by: Any, world: World, server: Server, monkeypatch: Any
) -> None:
    """The control of the tests above: the same check of a page, with a protection off or a fault put in."""
    [path] = [found.path for found in world.addresses[name] if found.state in ("open", "consent")]
    request = Request(world.roles[role], "GET", path)
    server.send(request)
    monkeypatch.setattr(broken, by)
    with pytest.raises(Faults, match=fault):
        server.send(request)


def test_a_form_that_is_taken_without_a_token_is_found(world: World, server: Server, monkeypatch: Any) -> None:
    [path] = [found.path for found in world.addresses["survey_consent"] if found.state == "consent"]
    request = Request(
        world.roles["consent"], "POST", path, fields=(("agree", "on"),), content_type=FORM_TYPE, has_token=False
    )
    server.send(request)
    monkeypatch.setattr(server.handler, "enforce_csrf_checks", False)
    with pytest.raises(Faults, match="without a CSRF token, wrote"):
        server.send(request)


def test_a_server_without_an_answer_to_faults_of_services_is_found(
    world: World, server: Server, monkeypatch: Any
) -> None:
    request = Request(world.roles["owner"], "GET", world.addresses[OVERVIEW][0].path)
    with lost_database(first=3):
        assert server.send(request, is_service_down=True)[0] == 503
        monkeypatch.setattr("config.service_faults.responses.response_to", lambda *_args: None)
        with pytest.raises(Faults, match="a 500 while a service is down"):
            server.send(request, is_service_down=True)
