"""Participants, the links by which they enter, their trials, their events and their problem reports."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from study.coarse_times import this_hour
from study.models.audits import BlindingAudit
from study.models.stimuli import Clip
from study.models.studies import Study, StudyStage
from study.opaque_tokens import new_handle, new_nonce


class ParticipantKind(models.TextChoices):
    """The kind of participant. Each kind has its own numbers and its own balanced orders."""

    REAL = "real", _("participant")
    PILOT = "pilot", _("pilot")
    SIMULATED = "simulated", _("simulated")
    BOT = "bot", _("bot")


class InviteLink(models.Model):
    """A personal link (cap 1) or group link into a study; only the token's hash is stored."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="invite_links")
    label = models.CharField(max_length=120, blank=True)
    token_hash = models.CharField(max_length=64, unique=True)
    cap = models.PositiveIntegerField(default=1)
    # Pilots may also take part in a draft; their answers are not part of the results.
    kind = models.CharField(max_length=10, choices=ParticipantKind, default=ParticipantKind.REAL)
    # The stage into which it leads, and only while that is the current one; empty: the current one, whichever that is.
    stage = models.CharField(max_length=10, choices=StudyStage, blank=True, default="")
    # The audit with pilots that enter by this link; it deletes the link with them.
    audit = models.ForeignKey(
        BlindingAudit, on_delete=models.CASCADE, null=True, blank=True, related_name="invite_links"
    )
    # How many who entered by it have withdrawn: they no longer point to it, and it lets nobody in instead.
    withdrawn = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.label or f"link {self.pk}"


# Why somebody is left out who came under an id of the recruiting platform that another browser had used.
ID_USED_BEFORE = "came under a platform id that had been used before"


# What tables of the study's answers show of a person, beside their ballots.
_SHOWN_IN_TABLES = frozenset({"study", "number", "kind", "status", "answers", "flags", "excluded", "rule_exclusions"})


class ParticipantQuerySet(models.QuerySet["Participant"]):
    """Counts what tables show of the people whose rows it changes in bulk; `Participant.save` counts single ones."""

    def update(self, **values: Any) -> int:
        if _SHOWN_IN_TABLES & values.keys():
            values.setdefault("changes", F("changes") + 1)
        return super().update(**values)


class Participant(models.Model):
    """One anonymous person in one study, identified by a token of which only the hash is stored."""

    Kind = ParticipantKind

    class Status(models.TextChoices):
        STARTED = "started", _("started")
        COMPLETED = "completed", _("completed")
        WITHDRAWN = "withdrawn", _("withdrawn")
        SCREENED_OUT = "screened_out", _("screened out")

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="participants")
    # Counts participants of one kind within the study; part of `code`.
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=ParticipantKind, default=ParticipantKind.REAL)
    # The stage in which they began, for good. Test walks and robots are of no stage, and stand under the main one.
    stage = models.CharField(max_length=10, choices=StudyStage, default=StudyStage.MAIN)
    # The version of the study under which they began.
    study_version = models.PositiveIntegerField(default=1)
    status = models.CharField(max_length=12, choices=Status, default=Status.STARTED)
    token_hash = models.CharField(max_length=64, unique=True)
    handle = models.CharField(max_length=16, unique=True, default=new_handle)
    invite_link = models.ForeignKey(InviteLink, null=True, blank=True, on_delete=models.SET_NULL)
    # Digest of the support code, of people from a recruiting platform; their ids are in `study.models.visits`.
    support_digest = models.CharField(max_length=64, blank=True, db_index=True)
    language = models.CharField(max_length=10, default="en")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_seen_at = models.DateTimeField(default=timezone.now, editable=False)
    consented_at = models.DateTimeField(null=True, blank=True)
    consent_version = models.PositiveIntegerField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    # The slot of the balanced plan: with the seed, enough to draw the participant's orders again.
    slot = models.PositiveIntegerField(null=True, blank=True)
    settings_digest = models.CharField(max_length=64, blank=True)
    answers = models.JSONField(default=dict, blank=True)  # by step: question sets, sound check, instructions
    flags = models.JSONField(default=list, blank=True)  # {"kind", …evidence}; older ones are the kind alone
    excluded = models.BooleanField(default=False)  # by hand, with a reason
    exclusion_reason = models.CharField(max_length=200, blank=True)
    # The plan's exclusion rules that apply, as {"kind", "at", …evidence}: study/participants/exclusion_rules.py.
    rule_exclusions = models.JSONField(default=list, blank=True)
    nonce = models.CharField(max_length=32, default=new_nonce)
    receipt = models.CharField(max_length=40, blank=True, db_index=True)
    # Counted with each answer, so that pages need not count a million ballots: answers without those to practice, those
    # to main trials alone, and when the last of the latter was given.
    answered = models.PositiveIntegerField(default=0)
    main_answered = models.PositiveIntegerField(default=0)
    last_answer_at = models.DateTimeField(null=True, blank=True)
    # How often something has changed that tables of answers show of this person: study/ballots/table_state.py.
    changes = models.PositiveIntegerField(default=0)
    # When flags and rules were last judged before the person had finished; None: something has arrived since.
    judged_at = models.DateTimeField(null=True, blank=True)
    # Whether anything is noted of the person, by a rule, a flag or by hand: pages that count those read no others.
    remarked = models.GeneratedField(
        expression=models.ExpressionWrapper(
            Q(excluded=True) | ~Q(flags=[]) | ~Q(rule_exclusions=[]), output_field=models.BooleanField()
        ),
        output_field=models.BooleanField(),
        db_persist=True,
    )

    objects = ParticipantQuerySet.as_manager()

    class Meta:
        ordering = ("kind", "number")
        constraints = [
            models.UniqueConstraint(fields=["study", "kind", "number"], name="participant_number_once"),
        ]
        # Slots, quotas and monitoring count the participants of one kind and stage by status and time.
        indexes = [
            models.Index(
                fields=["study", "kind", "stage", "status", "created_at", "completed_at"],
                name="participant_stage_and_time",
            ),
            models.Index(
                fields=["study", "kind", "stage", "status", "language", "main_answered", "last_answer_at"],
                name="participant_stage_and_count",
            ),
            # Whether anything has come since a page was made, and who is there now.
            models.Index(fields=["study", "last_seen_at"], name="participant_by_last_seen"),
            # Few of many people.
            models.Index(fields=["study", "kind"], condition=models.Q(excluded=True), name="participant_excluded"),
            models.Index(fields=["study", "kind"], condition=models.Q(remarked=True), name="participant_remarked"),
        ]

    def __str__(self) -> str:
        return self.code

    def save(self, *args: Any, **kwargs: Any) -> None:
        fields = kwargs.get("update_fields")
        if not self._state.adding and (fields is None or _SHOWN_IN_TABLES & set(fields)):
            self.changes = F("changes") + 1
            if fields is not None:
                kwargs["update_fields"] = {*fields, "changes"}
        super().save(*args, **kwargs)
        self.__dict__.pop("changes", None)  # an expression; the number is read again if somebody asks

    @property
    def code(self) -> str:
        """The participant's name in tables and exports: "r0007" for the seventh real participant."""
        return f"{self.kind[0]}{self.number:04d}"

    @property
    def left_out(self) -> bool:
        """Whether the analysis leaves this participant out, by hand or by a rule of the plan."""
        return self.excluded or bool(self.rule_exclusions)

    @property
    def came_again(self) -> bool:
        """Whether they are left out because their platform id had been used before."""
        return self.excluded and self.exclusion_reason == ID_USED_BEFORE

    @property
    def flag_kinds(self) -> list[str]:
        """The names of the participant's flags."""
        return [kind_of_flag(flag) for flag in self.flags]


def with_code(people: models.QuerySet[Participant], code: str) -> Participant | None:
    """The one with this code among people of one study; None if it is nobody's, or no code at all."""
    number = code[1:]
    if not (number.isascii() and number.isdecimal()) or len(number) > 9:
        return None
    return next((person for person in people.filter(number=int(number)) if person.code == code), None)


def kind_of_flag(flag: Any) -> str:
    """The name of a stored flag: those of earlier versions are the name alone."""
    return str(flag.get("kind", "") if isinstance(flag, dict) else flag)


# Participants whom the analysis leaves out, by hand or by a rule of the plan; as `Participant.left_out`.
LEFT_OUT = Q(excluded=True) | ~Q(rule_exclusions=[])
# As `Participant.came_again`: they fill no target, quota or slot.
CAME_AGAIN = Q(excluded=True, exclusion_reason=ID_USED_BEFORE)


class Trial(models.Model):
    """One clip shown to one participant, with its position order."""

    class Kind(models.TextChoices):
        MAIN = "main", _("main")
        PRACTICE = "practice", _("practice")
        ATTENTION = "attention", _("attention")
        MATCH = "match", _("match control")

    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="trials")
    clip = models.ForeignKey(Clip, on_delete=models.PROTECT, related_name="trials")
    # The place in the participant's order, from 1; the practice trial is 0.
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.MAIN)
    repeat = models.PositiveSmallIntegerField(default=0)  # 0: first showing of the clip, 1: its hidden repeat
    # Which of the person's trials of that clip it is, where each shows two of its images; else 0.
    part = models.PositiveSmallIntegerField(default=0)
    position_order = models.JSONField()  # stimulus ids by position: [A, B, C, D]
    # The trial's name in media addresses; random, so that participants cannot compare addresses.
    media_key = models.CharField(max_length=32, unique=True, default=new_nonce)
    # What the server saw, by its own clock; times are of the first sending, `images_sent` has a bit for each position.
    # `images_sent` is None if nothing was recorded: simulated participants, and trials drawn by older versions.
    page_sent_at = models.DateTimeField(null=True, blank=True)
    sound_sent_at = models.DateTimeField(null=True, blank=True)
    images_sent = models.PositiveSmallIntegerField(null=True, blank=True)
    # The right answer of an attention trial, such as {"first": "B", "second": "D"} (study/participants/attention.py).
    expected = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ("participant", "number")
        constraints = [
            models.UniqueConstraint(fields=["participant", "number"], name="trial_number_once"),
            models.UniqueConstraint(fields=["participant", "clip", "kind", "repeat", "part"], name="clip_shown_once"),
        ]

    def __str__(self) -> str:
        return f"{self.participant} trial {self.number}"


class Event(models.Model):
    """Something that happened during a trial, such as playing the sound or leaving the tab; not part of the answer."""

    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="events")
    trial = models.ForeignKey(Trial, null=True, blank=True, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField(default=timezone.now, editable=False)
    kind = models.CharField(max_length=30)
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ("at", "pk")

    def __str__(self) -> str:
        return self.kind


class ProblemReport(models.Model):
    """A problem that a participant reported, with its page but without the participant or anything that unblinds."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="problem_reports")
    page = models.CharField(max_length=60)
    text = models.TextField(max_length=2000)
    # Digest of the reporter's token, which no table holds: only they can have it erased.
    reporter = models.CharField(max_length=64, blank=True, db_index=True)
    # Made with the form: sending it twice stores one report.
    submission_key = models.UUIDField(null=True, unique=True)
    # To the hour: the second would lead to the participant whose page was sent then.
    at = models.DateTimeField(default=this_hour, editable=False)
    resolved = models.BooleanField(default=False)

    class Meta:
        ordering = ("-at",)

    def __str__(self) -> str:
        return self.text[:60]
