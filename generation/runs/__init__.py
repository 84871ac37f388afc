"""Generation runs. The way of a step, by file: a run is started (`lifecycle`) and planned (`planning`), a message wakes
a worker (`queueing`), the worker acquires a lease (`leases`, `processes`), does the step (`execution`, `steps/`), saves
its files and rows (`orphan_files`) and sends the next messages. `worker` requeues
the steps of lost workers and messages.

Beside that way: `readiness` before a start, `progress`, `spending`, `conditions`, `copying`. May import listening,
tagging, redefinition, writing and painting, which do the work; doors: `lifecycle`, `execution`.
"""
