"""How long pages take, and how often they ask the database."""

import statistics
import time
from typing import Any

ROUNDS = 4


def time_page(browser: Any, url: str, name: str) -> str:
    """Request a page `ROUNDS` times; return the line of the median request but the first: times, number of queries."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    spent = []
    for _round in range(ROUNDS):
        with CaptureQueriesContext(connection) as queries:
            started, wall = time.process_time(), time.perf_counter()
            response = browser.get(url)
            spent.append((time.process_time() - started, time.perf_counter() - wall))
        assert response.status_code == 200, (name, response.status_code)
    cpu, wall = (statistics.median(row[place] for row in spent[1:]) for place in (0, 1))
    return f"{name:38s} {1000 * cpu:9.0f} ms {1000 * wall:9.0f} ms {len(queries):5d} queries"
