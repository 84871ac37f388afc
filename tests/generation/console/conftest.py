"""A client that is signed in as the study's owner."""

import pytest


@pytest.fixture
def client(client, owner):
    client.force_login(owner)
    return client
