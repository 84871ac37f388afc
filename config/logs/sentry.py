"""Errors reported to Sentry, or a server with the same protocol: where an error happened, never with what.

An event is built anew from the few fields that hold nothing of anybody; what the library collects beside them is left
out, so that a new version of it cannot add anything. The text of an error is left out too, since it may repeat what
somebody typed: the log has it, under the request id that the event carries.
"""

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from config.logs.request_ids import current
from study.background_work.running_code import code_digest, release
from study.participants.log_masking import mask

LEFT_OUT = "left out: it may hold what people wrote; look for the request id in the log"
_OF_A_FRAME = ("filename", "module", "function", "lineno", "in_app", "context_line")
# Loggers whose sentences hold no values; those of others do not if they have their values beside them.
_OURS = ("study", "generation", "analysis", "config")


def start(dsn: str) -> None:
    """Report errors of this process from now on.

    Raises:
        ImproperlyConfigured: the library is not installed.
    """
    try:
        import sentry_sdk
        from sentry_sdk.integrations.celery import CeleryIntegration
        from sentry_sdk.integrations.django import DjangoIntegration
    except ImportError:
        raise ImproperlyConfigured(
            "EARSIGHT_SENTRY_DSN is set, but sentry-sdk is not there. Run: pip install -c constraints.txt '.[sentry]'"
        ) from None
    sentry_sdk.init(
        dsn=dsn,
        release=f"earsight@{release()}+{code_digest()}",
        auto_enabling_integrations=False,
        integrations=[
            DjangoIntegration(transaction_style="function_name", middleware_spans=False, signals_spans=False),
            CeleryIntegration(propagate_traces=False),
        ],
        trace_propagation_targets=[],  # no words of Sentry's in requests to other services
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        traces_sample_rate=None,
        auto_session_tracking=False,
        send_client_reports=False,
        before_send=scrub,  # type: ignore[arg-type]
        before_send_transaction=lambda _event, _hint: None,
        before_send_log=lambda _log, _hint: None,
    )


def scrub(event: dict[str, Any], _hint: Any = None) -> dict[str, Any]:
    """Return the event that is sent instead of the one that the library made."""
    errors = [_without_text(value) for value in (event.get("exception") or {}).get("values") or []]
    record = event.get("logentry") or {}
    kept: dict[str, Any] = {
        name: event[name] for name in ("event_id", "timestamp", "level", "platform", "release") if name in event
    }
    kept["logger"] = str(event.get("logger") or "")
    # The name of a view or of a task; an address would hold slugs and tokens.
    kept["transaction"] = _view_name(event)
    kept["tags"] = {"request_id": current()} if current() else {}
    if errors:
        kept["exception"] = {"values": errors}
    if record.get("message") and (record.get("params") or kept["logger"].partition(".")[0] in _OURS):
        kept["logentry"] = {"message": mask(str(record["message"])), "params": []}
    return kept


def _without_text(value: dict[str, Any]) -> dict[str, Any]:
    frames = (value.get("stacktrace") or {}).get("frames") or []
    return {
        "type": value.get("type"),
        "module": value.get("module"),
        "value": LEFT_OUT,
        "stacktrace": {"frames": [{name: frame[name] for name in _OF_A_FRAME if name in frame} for frame in frames]},
    }


def _view_name(event: dict[str, Any]) -> str:
    """Return the transaction if it is the name of a function, "study.survey.trials.trial"; empty for an address."""
    name = str(event.get("transaction") or "")
    return name if name and "/" not in name else ""
