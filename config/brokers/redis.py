"""Celery's Redis broker, under a worker that outlives a Redis that goes at any moment.

Kombu's channel first waits for the answer to what it last asked. Where Redis has gone, the connection for remote
control notices it first, and one step is at work while another is waited for, that ends the closing before it has
begun; Celery swallows the error, takes the channel's address away, closes once more, and the worker ends with
"Unrecoverable error" (tests/config/brokers/test_redis.py shows it).
"""

from kombu.transport import redis


class Channel(redis.Channel):
    """Closes even if Redis never answers."""

    def close(self) -> None:
        try:
            super().close()
        except self.connection_errors:
            if self.closed:
                raise
            super().close()  # that answer is not waited for twice


class Transport(redis.Transport):
    Channel = Channel
