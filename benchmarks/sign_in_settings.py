"""The settings of `load_sign_in.py`: the tests' with the real hash, as Django computes it or in turn."""

import os

from tests.settings import *  # noqa: F403

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher"
    if os.environ.get("EARSIGHT_BENCHMARK_UNLIMITED")
    else "config.accounts.hashing.PasswordHasher"
]
