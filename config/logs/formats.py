"""The two formats of records: text, a line each, and JSON, an object each on a line of its own."""

import json
import logging
from datetime import UTC, datetime

from celery import current_task

from study.participants.log_masking import MaskingFormatter, mask


class JsonFormatter(MaskingFormatter):
    """One JSON object a record, for log collectors; tokens are masked in every value, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's object; keys without a value are left out."""
        at = datetime.fromtimestamp(record.created, UTC)
        task = current_task.request if current_task else None
        fields = {
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": getattr(record, "request_id", ""),
            "task": current_task.name if task else "",
            "task_id": task.id if task else "",
            "process": record.process,
            "traceback": self.formatException(record.exc_info) if record.exc_info else "",
        }
        shown = {name: mask(value) if isinstance(value, str) else value for name, value in fields.items() if value}
        return json.dumps(shown, ensure_ascii=True)
