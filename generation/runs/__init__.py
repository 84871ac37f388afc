"""Generation runs. The way of a step, by file: a run is started (`lifecycle`) and planned (`planning`), a message wakes
a worker (`queueing`), the worker acquires a lease (`leases`, `processes`), does the step (`execution`, `steps/`), saves
its files and rows (`orphan_files`) and sends the next messages. `worker` requeues what a lost worker or message left.

Beside that way: `readiness` before a start, `progress`, `spending`, `conditions`, `copying`. May import the rooms that do
the work (listening, tagging, redefinition, writing, painting); doors: `lifecycle`, `execution`.
"""
