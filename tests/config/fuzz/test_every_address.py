"""Requests to every address by everybody, in every state of a study and at every stage of a participant.

Addresses come from the URL resolver and forms from the pages themselves, so that a new page is fuzzed by being there.
`make fuzz` sends 10,000 requests on each database; FUZZ_SEED and FUZZ_REQUESTS choose others, and how many.
"""

from collections.abc import Callable
from typing import Any
from zlib import crc32

import pytest
from django.core.cache import cache
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, note, seed, settings
from hypothesis import strategies as st

from study.models import Participant, Study
from tests.config.addresses import url_names
from tests.config.fuzz.checks import Server
from tests.config.fuzz.conftest import REQUESTS, SEED
from tests.config.fuzz.requests import Book, requests
from tests.config.fuzz.world import World

pytestmark = pytest.mark.django_db
NAMES = sorted(url_names())
STEPS = 10  # of a walk
WALKS = max(1, REQUESTS // 4 // STEPS)
EACH = max(2, (REQUESTS - WALKS * STEPS) // len(NAMES))


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
