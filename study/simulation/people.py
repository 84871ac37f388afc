"""Let simulated people answer a study through its real survey, page by page."""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import numpy as np

from study.errors import NotAllowedNow
from study.models import Participant, Study
from study.participants.links import create_personal_links
from study.simulation.preferences import Population, PreferenceModel
from study.simulation.timing import PageTimes, TimedBrowser
from study.simulation.transports import InProcess, OverHttp, Session
from study.simulation.walking import SurveyBroken, suitable_answers, walk


def simulate_participants(
    study: Study,
    n: int,
    rng: np.random.Generator,
    *,
    model: PreferenceModel | None = None,
    drop_out: float = 0.0,
    base_url: str = "",
    on_done: Callable[[int], None] | None = None,
) -> list[Participant]:
    """Let `n` simulated people answer the study through its pages.

    In a study that is marked as simulated they are of kind `simulated`, in any other of kind `pilot`, so that they
    never mix with real people; each comes by a link that was made for them.

    Args:
        rng: draws tastes and choices.
        drop_out: the share of people who leave before the end.
        base_url: a running server; an empty one means this process.
        on_done: called after each person with the number of people so far.

    Returns:
        The participants, in order.

    Raises:
        NotAllowedNow: the study does not take answers.
        SurveyBroken: a page failed.
    """
    if study.status != Study.Status.OPEN and (study.simulated or study.status != Study.Status.DRAFT):
        raise NotAllowedNow(f"The study is {study.status}; open it before simulated people can answer.")
    population = Population(study, model or PreferenceModel(), rng)
    kind = Participant.Kind.SIMULATED if study.simulated else Participant.Kind.PILOT
    entry_paths = [urlsplit(url).path for _, url in create_personal_links(study, n, kind=kind)] if n else []
    people = []
    (answering,) = rng.spawn(1)  # a generator of its own, so that questions change no taste or choice
    for index, entry_path in enumerate(entry_paths):
        session = Session(OverHttp(base_url) if base_url else InProcess())
        leaves = int(rng.integers(0, max(1, population.trials_of())))
        stop_after = leaves if rng.random() < drop_out else None
        answers = suitable_answers(study, answering)
        page = walk(session, entry_path, population.draw_person(), stop_after=stop_after, answers=answers)
        people.append(Participant.objects.get(handle=page.path.strip("/").split("/")[1]))
        if on_done is not None:
            on_done(index + 1)
    return people


def simulate_in_turn(
    study: Study, numbers: range, seed: int, *, model: PreferenceModel, drop_out: float, times: PageTimes
) -> Iterator[str]:
    """Let simulated people answer a simulated study in this process, one after the other.

    Each has a generator of their own, and the images' luck has one: who goes on after a killed process lets the same
    people answer.

    Args:
        numbers: which of the people, from 0.
        times: where the times of the pages are noted.

    Yields:
        After each person: what broke in the survey, in a sentence; empty if nothing did.

    Raises:
        NotAllowedNow: the study does not take answers.
    """
    if study.status != Study.Status.OPEN or not study.simulated:
        raise NotAllowedNow(f"The study is {study.status}; open it before simulated people can answer.")
    population = Population(study, model, np.random.default_rng([seed, 0]))
    trials = max(1, population.trials_of(study.trials_per_participant))
    if not numbers:
        return
    links = create_personal_links(study, len(numbers), kind=Participant.Kind.SIMULATED)
    for number, (_label, url) in zip(numbers, links, strict=True):
        rng = population.rng = np.random.default_rng([seed, 1, number])
        answers = suitable_answers(study, np.random.default_rng([seed, 2, number]))
        stop_after = int(rng.integers(0, trials)) if rng.random() < drop_out else None
        session = Session(TimedBrowser(InProcess(), times))
        try:
            walk(session, urlsplit(url).path, population.draw_person(), stop_after=stop_after, answers=answers)
        except SurveyBroken as broken:
            yield str(broken)
        else:
            yield ""
