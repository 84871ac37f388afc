"""The Redis broker: a worker survives the loss of Redis, whichever of its connections notices it first."""

from typing import Any

import pytest
from kombu import Connection, Queue
from kombu.message import Message
from kombu.pidbox import Mailbox
from kombu.transport import redis

from config.brokers import redis as patched_redis
from config.celery import app
from tests.generation.runs.broker_faults import PrivateRedis
from tests.services import need_program


@pytest.fixture
def own_redis(tmp_path):
    need_program("redis-server", "redis-server")
    server = PrivateRedis(str(tmp_path))
    yield server
    server.stop()


def lose_connection(server: PrivateRedis, transport: type) -> tuple[Connection, Message]:
    """Return a connection that has lost its Redis, and an unacknowledged message.

    This is the state of a worker that runs one task, waits for the next message, and listens for remote control.
    """
    connection = Connection(server.url, transport=transport)
    queue, received = Queue("steps"), []
    connection.Producer().publish("a step", routing_key="steps", declare=[queue])
    connection.Consumer([queue], on_message=received.append, channel=connection.default_channel).consume()
    mailbox = Mailbox("control", type="fanout").Node("worker", channel=connection.channel())
    mailbox.listen(callback=print)
    while not received:
        connection.drain_events(timeout=60)
    connection.transport.cycle.on_poll_start()  # sends BRPOP
    server.stop()
    return connection, received[0]


def close_as_celery_does(connection: Connection) -> None:
    """Do what Consumer.on_connection_error_after_connected does in celery/worker/consumer/consumer.py."""
    try:
        connection.collect()
    except Exception as error:
        print(error)
    try:
        connection.close()
    except connection.connection_errors + connection.channel_errors as error:
        print(error)


def test_a_lost_connection_closes_and_its_message_can_be_acknowledged_later(own_redis):
    connection, message = lose_connection(own_redis, patched_redis.Transport)
    close_as_celery_does(connection)
    own_redis.start()
    message.ack()


def test_kombus_transport_fails_to_close_a_lost_connection(own_redis):
    connection, message = lose_connection(own_redis, redis.Transport)
    with pytest.raises(AttributeError, match="hostname"):
        close_as_celery_does(connection)
    own_redis.start()
    with pytest.raises(AttributeError, match="hostname"):  # as at the end of the task
        message.ack()


@pytest.mark.parametrize("url", ["redis://127.0.0.1/0", "rediss://127.0.0.1/0"])
def test_a_redis_url_selects_the_patched_transport(url):
    transport: Any = app.connection(url).transport
    assert isinstance(transport, patched_redis.Transport)
