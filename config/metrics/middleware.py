"""Count every request, and answer /metrics to whoever shows the token."""

import time
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils.cache import add_never_cache_headers
from django.utils.crypto import constant_time_compare

from study.background_work.running_code import code_digest

ADDRESS = "/metrics"


class MetricsMiddleware:
    """Not in use, and /metrics an address like any other that does not exist, unless a token is set."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not settings.METRICS_TOKEN:
            raise MiddlewareNotUsed
        from config.metrics.request_counts import OTHER, RequestCounts, view_names

        self.get_response, self.other = get_response, OTHER
        self.requests = RequestCounts(Path(settings.DATA_DIR) / "metrics", view_names())
        code_digest()  # now, not at the first scrape: an upgrade may have replaced the files by then

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == ADDRESS:
            return self._metrics(request)
        start = time.perf_counter()
        response = self.get_response(request)
        view = request.resolver_match.url_name if request.resolver_match else None
        self.requests.add(view or self.other, time.perf_counter() - start, response.status_code)
        return response

    def _metrics(self, request: HttpRequest) -> HttpResponse:
        shown = request.headers.get("Authorization", "")
        if not constant_time_compare(shown, f"Bearer {settings.METRICS_TOKEN}"):
            response = HttpResponse("Show the token of EARSIGHT_METRICS_TOKEN.\n", "text/plain", 401)
            response.headers["WWW-Authenticate"] = "Bearer"
        elif request.method not in ("GET", "HEAD"):
            response = HttpResponseNotAllowed(["GET", "HEAD"])
        else:
            response = self._page()
        add_never_cache_headers(response)
        return response

    def _page(self) -> HttpResponse:
        from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

        from config.metrics.figures import Figures

        registry = CollectorRegistry(auto_describe=False)
        registry.register(Figures(self.requests))
        return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
