"""What every row has whose work a worker does: when it was asked for, sent, claimed, alive and finished."""

from django.db import models


class BackgroundWork(models.Model):
    """A row whose work a worker does; its class adds `state`, of which "waiting" and "running" are unfinished."""

    requested_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    # The last message to workers while it waits, and the last heartbeat of the process that does it.
    sent_at = models.DateTimeField(null=True, blank=True)
    alive_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)

    class Meta:
        abstract = True
