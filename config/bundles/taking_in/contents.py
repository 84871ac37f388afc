"""Contents of ballots that come in: whether the study's instrument can give them, and as they are stored."""

from collections.abc import Mapping
from typing import Any

from config.bundles.taking_in.people_format import BallotLine, Image, LateLine, TrialLine
from study.instruments.content import Content, named_content
from study.instruments.of_study import instrument_of
from study.instruments.possible import content_fault
from study.models import Study

# Stimuli by the numbers of their clip and condition.
Images = Mapping[Image, int]


class Contents:
    """The instrument of a study that comes in, and its images by the names that contents give them, as "3.1"."""

    def __init__(self, study: Study, images: Images) -> None:
        self.images = images
        self._instrument = instrument_of(study)
        self._stored = {_name(image): str(stimulus) for image, stimulus in images.items()}
        self._ranked = choose.key if (choose := self._instrument.choose) is not None else ""

    def fault(self, trial: TrialLine, answer: BallotLine | LateLine) -> str:
        """Return why the answer cannot be one of this trial; empty if it can."""
        return content_fault(
            self._instrument,
            answer.content,
            shown=[_name(image) for image in trial.order],
            first=None if answer.first is None else _name(answer.first),
            second=None if answer.second is None else _name(answer.second),
            none_fits=answer.none_fits,
        )

    def stored(self, content: Mapping[str, Any]) -> Content:
        """Return a content, which was checked, as the database holds it."""
        found = named_content(content, self._stored, self._ranked)
        if self._ranked in found:
            found[self._ranked] = [int(stimulus) for stimulus in found[self._ranked]]
        return found


def _name(image: Image) -> str:
    return ".".join(map(str, image))
