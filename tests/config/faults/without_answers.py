"""The control: settings of a web server that does not answer faults of its services."""

from tests.generation.runs.worker_settings import *  # noqa: F403
from tests.generation.runs.worker_settings import MIDDLEWARE

MIDDLEWARE = [name for name in MIDDLEWARE if "ServiceFault" not in name]

from config.service_faults import responses  # noqa: E402

responses.response_to = lambda *_arguments: None
