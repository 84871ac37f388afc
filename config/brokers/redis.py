"""Celery's Redis broker, patched so that a worker survives losing its connection at any moment.

Upstream fault (kombu 5.7.0, kombu/transport/redis.py): `Channel.close` first reads the answer to its pending BRPOP and
catches `Empty` only. If Redis is gone, a connection error leaves the channel half closed. Celery 5.7.0
(`Consumer.on_connection_error_after_connected` in celery/worker/consumer/consumer.py) ignores that error and closes
again, now without the address of the broker. This raises AttributeError: 'NoneType' object has no attribute 'hostname',
and the worker ends with "Unrecoverable error". It needs a worker that runs one task and waits for the next.
tests/config/brokers/test_redis.py shows this with kombu's own transport; once that test fails, this file can go.
"""

from kombu.transport import redis


class Channel(redis.Channel):
    """Close even if Redis never answers."""

    def close(self) -> None:
        try:
            super().close()
        except self.connection_errors:
            if self.closed:
                raise
            super().close()  # the failed read has reset `_in_poll`, so that the second close does not read again


class Transport(redis.Transport):
    Channel = Channel
