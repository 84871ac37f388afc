"""A clip's generation as pages show it. While a study is sealed, nothing here reveals an image's condition."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.db.models import QuerySet, prefetch_related_objects
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from generation.models import ClipStep
from generation.redefinition import DEFAULT_RULES, SHIPPED, RuleError, RuleSet, load_rules
from generation.redefinition.decisions import contested_tags
from generation.runs.review_state import ClipReview
from generation.study_files import rule_set_of
from study.models import Clip, Stimulus, Study
from study.templatetags.humane import clock

Kind, State = ClipStep.Kind, ClipStep.State


def image_key(stimulus: Stimulus) -> str:
    """Return an image's name in the console's URLs, from which neither its number nor its condition can be read."""
    name = f"{stimulus.pk}/{stimulus.image.name}"
    return salted_hmac("generation.image", name, algorithm="sha256").hexdigest()[:24]


@dataclass(frozen=True)
class Chip:
    """A tag and what redefinition did with it; `style` is "" (kept), "removed", "added" or "contested".

    `given`: the Korean tag that was imported and translated, if there was one.
    """

    text: str
    style: str = ""
    why: str = ""
    given: str = ""


@dataclass(frozen=True)
class ImageView:
    """One image on a page. `title`, `condition`, `prompt`, `provenance` and the faults are empty while it is sealed.

    `url`: of the file; `large`: of the page that shows it beside the clip's others. `missing` and `added`: the tags
    that the sentence does not say, and its words of music that no tag says.
    """

    url: str
    large: str
    preview: str
    number: int
    title: str
    alt: str
    prompt: str
    provenance: dict[str, Any]
    pk: int
    condition: str = ""
    missing: Sequence[str] = ()
    added: Sequence[str] = ()


class ClipView:
    """One clip for pages: tags, evidence, images and state; `review`: its place in the review, if the page shows it."""

    review: ClipReview | None = None

    def __init__(self, clip: Clip, study: Study, *, blinded: bool) -> None:
        self.clip, self.study, self.blinded = clip, study, blinded
        self.rule_sets: dict[tuple[str, str], RuleSet] = {}  # by name and digest; one for all views of a page
        self.steps = {step.kind: step for step in clip.steps.all()}
        self.decisions = {decision.tag: decision.choice for decision in clip.tag_decisions.all()}
        self.unsaved: Mapping[str, str] = {}  # choices on contested tags that the page shows and that were refused

    def _result(self, kind: str) -> dict[str, Any]:
        step = self.steps.get(kind)
        return (step.result or {}) if step else {}

    @cached_property
    def redefined(self) -> dict[str, Any]:
        """The redefinition's result; empty if there is none yet."""
        return self._result(Kind.REDEFINE)

    @property
    def voice(self) -> dict[str, Any]:
        return self._result(Kind.LISTEN).get("voice", {})

    @property
    def curve(self) -> dict[str, Any]:
        """The voice probabilities over the clip, as `voice_curve` draws them."""
        return voice_curve(self.voice.get("curve", []))

    @property
    def top_tags(self) -> list[tuple[str, float]]:
        """The tagger's ten most probable tags."""
        return self._top_tags("tags")

    @property
    def second_top_tags(self) -> list[tuple[str, float]]:
        """The second tagger's ten most probable tags, if there is one."""
        return self._top_tags("redefined_tags")

    def _top_tags(self, part: str) -> list[tuple[str, float]]:
        probabilities = self._result(Kind.LISTEN).get(part, {}).get("probabilities", {})
        return sorted(probabilities.items(), key=lambda pair: -pair[1])[:10]

    @property
    def set_chips(self) -> list[list[Chip]]:
        """The original and the redefined tags, each with those marked that the other set lacks."""
        sets = [self.redefined["given"], self.redefined["corrected"]]
        return [
            [Chip(tag, *(() if tag in other else ("added", _("only in this set")))) for tag in tags]
            for tags, other in (sets, sets[::-1])
        ]

    @property
    def about(self) -> str:
        """Length and voice in a few words."""
        length = clock(self.clip.heard_seconds)
        share = self.voice.get("share")
        if share is None:
            return length
        heard = _("no voice heard") if share == 0 else _("voice %(n)d %%") % {"n": max(1, round(share * 100))}
        return f"{length} · {heard}"

    @property
    def contested(self) -> list[dict[str, Any]]:
        """The contradictions to decide, each with its tags: tag, choice, whether decided, the tagger's probability.

        `marked`: the choice that is marked on the page, decided or not saved yet; empty if there is none.
        """
        entries = []
        for entry in self.redefined.get("contested", []):
            tags = [
                {
                    "tag": tag,
                    "choice": self.decisions.get(tag, "keep" if is_kept else "remove"),
                    "decided": tag in self.decisions,
                    "marked": self.unsaved.get(tag, self.decisions.get(tag, "")),
                    "probability": self._probability(tag),
                }
                for tag, is_kept in contested_tags([entry]).items()
            ]
            entries.append(entry | {"tags": tags, "is_voice": ": voice: " in entry["rule"]})
        return entries

    @property
    def contests_a_voice(self) -> bool:
        """Whether a contradiction is about voice, so that the voice detector's curve is evidence."""
        return any(entry["is_voice"] for entry in self.contested)

    def _probability(self, tag: str) -> float | None:
        """Return a tagger's probability of a tag or of a synonym, the first's if it knows one; else None."""
        heard = self._result(Kind.LISTEN)
        found = (
            self._rules.probability(tag, heard.get(part, {}).get("probabilities", {}))
            for part in ("tags", "redefined_tags")
        )
        return next((value for value in found if value is not None), None)

    @cached_property
    def _rules(self) -> RuleSet:
        """The rules that redefined the clip, or the default ones if their file is gone."""
        rules = self.redefined["rules"]["rules"], self.redefined["rules"]["rules_sha256"]
        if rules not in self.rule_sets:
            self.rule_sets[rules] = _rule_set(self.study, *rules)
        return self.rule_sets[rules]

    @property
    def undecided(self) -> list[str]:
        return [t["tag"] for entry in self.contested for t in entry["tags"] if not t["decided"]]

    @property
    def chips(self) -> list[Chip]:
        """The tags before and after redefinition, in the order of the given tags; then the added and contested ones."""
        if not self.redefined:
            return [Chip(tag) for tag in self.clip.imported_tags]
        given, corrected = self.redefined["given"], self.redefined["corrected"]
        why = {change["tag"]: change["why"] for change in self.redefined["changes"]}
        into = {change["tag"]: change["into"] for change in self.redefined["changes"] if change["into"]}
        undecided = set(self.undecided)
        two = bool(self.redefined.get("predicted"))  # what differs is another tagger's prediction, not a rule's work
        gone, new_here = (_("original tags only"), _("corrected tags only")) if two else (_("duplicate"), "")
        chips: list[Chip] = []
        shown: set[str] = set()

        def kept(tag: str, style: str, reason: str) -> Chip:
            if tag not in undecided:
                return Chip(tag, style, reason)
            undecided.discard(tag)
            return Chip(f"{tag}?", "contested", reason or _("to decide"))

        for tag in given:
            if tag not in shown and (tag in corrected or tag in undecided):
                chips.append(kept(tag, "", why.get(tag, "")))
            else:
                chips.append(Chip(tag, "removed", why.get(tag, gone)))
            shown.add(tag)
            for new in into.get(tag, []):
                if new in corrected and new not in shown and new not in given:
                    chips.append(kept(new, "added", why.get(tag, "")))
                    shown.add(new)
        chips += [kept(tag, "added", why.get(tag, new_here)) for tag in corrected if tag not in shown]
        chips += [Chip(f"{tag}?", "contested", _("to decide")) for tag in sorted(undecided)]
        translated = self.redefined.get("translated", {})
        return [replace(chip, given=translated.get(chip.text.removesuffix("?"), "")) for chip in chips]

    @property
    def state(self) -> tuple[str, str]:
        """The clip's state in words, and a style for it."""
        if not self.clip.included:
            return _(self.clip.exclusion_reason or "left out"), "quiet"
        failed = next((step for step in self.steps.values() if step.state == State.FAILED), None)
        if failed is not None:
            return failed.error, "failed"
        running = next((step for step in self.steps.values() if step.state == State.RUNNING), None)
        if running is not None:
            return running.get_kind_display(), "running"
        if self.images and len(self.images) == self.wanted and not self._unfinished():
            return _("ready"), "ready"
        return (_("waiting"), "quiet") if self.steps else (_("not started"), "quiet")

    def _unfinished(self) -> bool:
        return any(step.state in ClipStep.UNFINISHED for step in self.steps.values())

    @property
    def is_ready_made(self) -> bool:
        """Whether the images were uploaded."""
        return any(stimulus.painter == "uploaded" for stimulus in self.clip.stimuli.all())

    @cached_property
    def wanted(self) -> int:
        return self.study.conditions.count()

    @cached_property
    def images(self) -> list[ImageView]:
        """The ready images, by condition; while the study is sealed, shuffled and without words."""
        ready = [s for s in self.clip.stimuli.all() if s.state == Stimulus.State.READY]
        if self.blinded:
            ready.sort(key=lambda s: hashlib.sha256(image_key(s).encode()).digest())
        else:
            ready.sort(key=lambda s: s.condition.number)
        return [self._image(stimulus, number) for number, stimulus in enumerate(ready, start=1)]

    def _image(self, stimulus: Stimulus, number: int) -> ImageView:
        address = reverse("generation_image", args=[self.study.slug, self.clip.number, image_key(stimulus), "full"])
        title = "" if self.blinded else _(stimulus.condition.label)
        written = stimulus.provenance.get("writer") or {}
        return ImageView(
            url=address,
            large=reverse("generation_large", args=[self.study.slug, self.clip.number, number]),
            number=number,
            preview=address.replace("/full", "/preview"),
            title=title,
            alt=_("Image %(n)d of %(clip)s") % {"n": number, "clip": self.clip.name}
            if self.blinded
            else f"{title}: {self.clip.name}",
            prompt="" if self.blinded else stimulus.provenance.get("prompt", ""),
            provenance={} if self.blinded else stimulus.provenance,
            pk=0 if self.blinded else stimulus.pk,
            condition="" if self.blinded else stimulus.condition.key,
            missing=() if self.blinded else written.get("missing_tags", ()),
            added=() if self.blinded else written.get("added_words", ()),
        )


def _rule_set(study: Study, name: str, digest: str) -> RuleSet:
    if name in SHIPPED and load_rules(name).digest == digest:
        return load_rules(name)
    try:
        return rule_set_of(study, digest)
    except RuleError:
        return load_rules(DEFAULT_RULES)


def clip_views(clips: QuerySet[Clip] | Iterable[Clip], study: Study) -> list[ClipView]:
    """Return the views of clips, loaded in a constant number of queries."""
    clips = list(clips)
    prefetch_related_objects(clips, "steps", "stimuli__condition", "tag_decisions")
    wanted, blinded = study.conditions.count(), study.is_blinded
    rule_sets: dict[tuple[str, str], RuleSet] = {}
    views = []
    for clip in clips:
        view = ClipView(clip, study, blinded=blinded)
        view.wanted, view.rule_sets = wanted, rule_sets
        views.append(view)
    return views


def voice_curve(curve: list[float], width: int = 600, height: int = 80) -> dict[str, Any]:
    """Return the voice probabilities as points of an SVG path, with 0 at the bottom and 1 at the top."""
    if len(curve) < 2:
        return {}
    step = width / (len(curve) - 1)
    points = " ".join(f"{index * step:.1f},{height * (1 - value):.1f}" for index, value in enumerate(curve))
    return {
        "points": points,
        "area": f"0,{height} {points} {width},{height}",
        "width": width,
        "height": height,
    }
