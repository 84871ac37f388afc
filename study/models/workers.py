"""The processes that work in the background, as the last sign of life of each tells."""

from django.db import models


class Worker(models.Model):
    """A worker or a beat that runs, or ran until `seen_at`. A row is about a process and about nobody."""

    class Kind(models.TextChoices):
        WORKER = "worker"
        BEAT = "beat"

    kind = models.CharField(max_length=6, choices=Kind, default=Kind.WORKER)
    host = models.CharField(max_length=100)
    pid = models.PositiveIntegerField()
    queues = models.CharField(max_length=300, blank=True)  # as the broker names them, separated by commas
    # The release, and a digest of the code that the process runs: an older one may be left from before an upgrade.
    version = models.CharField(max_length=40, blank=True)
    code = models.CharField(max_length=16, blank=True)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ("host", "pid")
        constraints = [models.UniqueConstraint(fields=["kind", "host", "pid"], name="worker_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pid} on {self.host}"

    def serves(self, queue: str) -> bool:
        """Return whether the worker takes messages of the queue."""
        return queue in self.queues.split(",")
