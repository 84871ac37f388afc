"""What the checks of a study need of its log, gathered while it is read once; the entries themselves are not kept."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from study.ballots.commitments import ENDED, Commitment, fixed_commitments
from study.models import LogEntry, Study
from study.participants.exclusion import INCLUDED, LEFT_OUT
from study.participants.number_ranges import Starts
from study.participants.study_stages import BEGUN, stage_starts
from study.participants.study_versions import MADE, version_starts
from study.participants.withdrawal import WITHDREW

STATUS_AFTER = {
    "opened": Study.Status.OPEN,
    "paused": Study.Status.PAUSED,
    "resumed": Study.Status.OPEN,
    "closed": Study.Status.CLOSED,
}


@dataclass
class LogFacts:
    """Facts of a log by the codes of participants: some hundred bytes for each.

    Attributes:
        changes: the entries that changed the study's status.
        fixed: the commitments; each person should have one.
        withdrawn: who withdrew, of any kind.
        excluded: whether somebody was left out or taken in again, by the last entry that says so.
        rules: the rules of the plan that left somebody out when they finished.
        ended: the number of the entry with which answers ended.
        stages: from which number on people belong to which stage.
        begun: what the log says of each stage that has begun, the current one last.
        versions: from which number on people began under which version of the study.
        unreadable: numbers of entries that no version of Earsight writes.
    """

    changes: list[LogEntry] = field(default_factory=list)
    fixed: dict[str, list[Commitment]] = field(default_factory=lambda: defaultdict(list))
    withdrawn: set[str] = field(default_factory=set)
    excluded: dict[str, bool] = field(default_factory=dict)
    rules: dict[str, tuple[str, ...]] = field(default_factory=dict)
    ended: int | None = None
    stages: Starts = field(default_factory=list)
    begun: dict[str, dict[str, Any]] = field(default_factory=dict)
    versions: Starts = field(default_factory=list)
    version: int = 1
    unreadable: list[int] = field(default_factory=list)

    def gather(self, entries: Iterable[LogEntry]) -> Iterator[LogEntry]:
        """Yield the entries, in their order, and gather the facts of each once the caller has looked at it."""
        for entry in entries:
            yield entry
            self._add(entry)

    def _add(self, entry: LogEntry) -> None:
        if not isinstance(entry.data, dict):  # `check_chain` has said that it was changed
            entry.data = {}
        if entry.action in STATUS_AFTER:
            self.changes.append(entry)
        for code, commitments in fixed_commitments([entry]).items():
            self.fixed[code] += commitments
        if entry.action == ENDED and self.ended is None:
            self.ended = entry.number
        if entry.action == BEGUN:
            self._add_stage(entry)
        if entry.action == MADE:
            self._add_version(entry)
        code = str(entry.data.get("participant"))
        if entry.action == WITHDREW:
            self.withdrawn.add(code)
        if entry.action in (LEFT_OUT, INCLUDED):
            self.excluded[code] = entry.action == LEFT_OUT
        elif "rules" in entry.data:
            rules = entry.data["rules"]
            self.rules[code] = tuple(rules) if isinstance(rules, list) else (repr(rules),)

    def _add_stage(self, entry: LogEntry) -> None:
        try:
            self.stages = stage_starts(self.stages, entry.data)
        except ValueError:
            self.unreadable.append(entry.number)
            return
        stage = entry.data["stage"]
        self.begun.pop(stage, None)
        self.begun[stage] = {name: entry.data.get(name) for name in ("after", "target")}

    def _add_version(self, entry: LogEntry) -> None:
        try:
            self.versions = version_starts(self.versions, entry.data)
        except ValueError:
            self.unreadable.append(entry.number)
            return
        self.version = entry.data["version"]
