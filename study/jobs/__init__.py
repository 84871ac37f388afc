"""Work that is too large for a request: asked for by a page, done by a worker, with progress and files to download.

A wing registers what it can do (`kinds.register`); a page calls `request_job` and shows the job's page. `run_job` does
the work in a worker; the function of the kind gets a `RunningJob`, tells its progress and writes its result files.

Door: `JobKind`, `expect`, `register`; `request_job`, `newest_job`, `ready_file`, `cancel`; `RunningJob`, `JobFaults`.
"""

from study.jobs.kinds import JobKind, expect, register
from study.jobs.requests import cancel, newest_job, ready_file, request_job
from study.jobs.running import JobFaults, RunningJob

__all__ = [
    "JobFaults",
    "JobKind",
    "RunningJob",
    "cancel",
    "expect",
    "newest_job",
    "ready_file",
    "register",
    "request_job",
]
