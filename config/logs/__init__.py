"""Logs: the id that joins the records of a request and of the tasks that it started, JSON, reports of errors."""
