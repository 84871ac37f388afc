"""gunicorn's configuration behind a proxy: `gunicorn -c python:config.installation.gunicorn config.wsgi`.

The proxy must read requests whole before it passes them on (deploy/nginx/earsight.conf): a thread of gunicorn reads a
body as slowly as it comes.
"""

import os

from config.environment import values as environment

environment.read_file()

# Only the proxy on this machine reaches it; in a container, the container's network does.
bind = environment.text("EARSIGHT_WEB_BIND", "127.0.0.1:8000")
workers = int(environment.number("EARSIGHT_WEB_PROCESSES", 2, least=1))
threads = int(environment.number("EARSIGHT_WEB_THREADS", 8, least=4))
# What is being answered when the server is asked to stop may take so many seconds; the unit waits a little longer.
graceful_timeout = 60
# Of a process, not of a request: one that gives no sign of life for so long is killed and started again.
timeout = 120
# A file for signs of life in memory: a disk that stands still must not look like a process that does.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 (gunicorn makes an own file)
# Links hold tokens.
accesslog = None
errorlog = "-"
control_socket_disable = True
