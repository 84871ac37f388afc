"""The Redis broker: a worker outlives its Redis, whichever of its connections notices first that it has gone."""

from typing import Any

import pytest
from kombu import Connection, Queue
from kombu.message import Message
from kombu.pidbox import Mailbox
from kombu.transport import redis

from config import redis_broker
from config.celery import app
from tests.generation.runs.broker_faults import PrivateRedis
from tests.services import need_program


@pytest.fixture
def own_redis(tmp_path):
    need_program("redis-server", "redis-server")
    server = PrivateRedis(str(tmp_path))
    yield server
    server.stop()


def lost(server: PrivateRedis, transport: type) -> tuple[Connection, Message]:
    """A connection whose Redis has gone, and the message at work.

    As in a worker that waits for the next message and listens for remote control, where the latter notices first.
    """
    connection = Connection(server.url, transport=transport)
    queue, got = Queue("steps"), []
    connection.Producer().publish("a step", routing_key="steps", declare=[queue])
    connection.Consumer([queue], on_message=got.append, channel=connection.default_channel).consume()
    mailbox = Mailbox("control", type="fanout").Node("worker", channel=connection.channel())
    mailbox.listen(callback=print)
    while not got:
        connection.drain_events(timeout=60)
    connection.transport.cycle.on_poll_start()  # asks for the next message
    server.stop()
    return connection, got[0]


def close_as_celery_does(connection: Connection) -> None:
    """Consumer.on_connection_error_after_connected in celery/worker/consumer/consumer.py."""
    try:
        connection.collect()
    except Exception as error:
        print(error)
    try:
        connection.close()
    except connection.connection_errors + connection.channel_errors as error:
        print(error)


def test_a_lost_connection_closes_and_what_was_at_work_can_be_acknowledged_later(own_redis):
    connection, message = lost(own_redis, redis_broker.Transport)
    close_as_celery_does(connection)
    own_redis.start()
    message.ack()


def test_with_kombus_own_closing_ends_the_worker(own_redis):
    connection, message = lost(own_redis, redis.Transport)
    with pytest.raises(AttributeError, match="hostname"):
        close_as_celery_does(connection)
    own_redis.start()
    with pytest.raises(AttributeError, match="hostname"):  # and so would the step's end
        message.ack()


@pytest.mark.parametrize("url", ["redis://127.0.0.1/0", "rediss://127.0.0.1/0"])
def test_a_redis_url_means_it(url):
    transport: Any = app.connection(url).transport
    assert isinstance(transport, redis_broker.Transport)
