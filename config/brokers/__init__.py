"""Two of kombu's transports with a fault corrected in each; `config.celery` registers them. Imports nothing of ours."""
