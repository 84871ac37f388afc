"""Mails to those who run a study: who wants which, what was found, and to whom it was sent."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from study.models.studies import Study
from study.opaque_tokens import new_nonce


class NoticeKind(models.TextChoices):
    """What a mail is about."""

    TARGET = "target", _("the target is reached")
    STOPS = "stops", _("unusually many people leave at one step")
    WORK = "work", _("work of this study waits, and no worker takes it")


class MailChoice(models.Model):
    """Whether somebody wants mails of one kind about a study; without a row, the owner wants those of the target."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="mail_choices")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=NoticeKind)
    wanted = models.BooleanField()
    language = models.CharField(max_length=10)  # of the page on which it was chosen: the mails are written in it

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "user", "kind"], name="mail_choice_once")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.kind} of {self.study_id}, {self.wanted}"


class Notice(models.Model):
    """Something that was found once: `key` names it, so that finding it again changes nothing."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=10, choices=NoticeKind)
    key = models.CharField(max_length=100)
    facts = models.JSONField(default=dict)  # counts and a step or queue; nobody, no condition, no result
    found_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-found_at", "-pk")
        constraints = [models.UniqueConstraint(fields=["study", "kind", "key"], name="notice_once")]

    def __str__(self) -> str:
        return f"{self.study_id}: {self.kind} {self.key}"


class NoticeMail(models.Model):
    """A notice's mail to one person: to be sent until `sent_at` is set."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="mails")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    # The mail's own name. One that goes out twice, as its sender was killed in between, has it twice, and mail programs
    # show it once.
    name = models.CharField(max_length=32, default=new_nonce)
    tried_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["notice", "user"], name="notice_mail_once")]
        indexes = [models.Index(fields=["tried_at"], condition=models.Q(sent_at=None), name="notice_mail_unsent")]

    def __str__(self) -> str:
        return f"{self.notice_id} to {self.user_id}"
