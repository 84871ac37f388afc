"""Two of kombu's transports and Celery's beat, each with a fault corrected. Imports nothing of ours."""
