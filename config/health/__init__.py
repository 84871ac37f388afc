"""Is this installation well: `manage.py doctor`, its mails, the addresses under /health/, work that waits in vain.

Doors: `doctor` (all checks), `readiness` (those that a load balancer asks for), `waiting_work` (queues without a
worker).
"""
