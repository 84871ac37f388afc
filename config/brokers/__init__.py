"""Two of kombu's transports, each with a fault corrected. `config.celery` registers both. Imports nothing of ours."""
