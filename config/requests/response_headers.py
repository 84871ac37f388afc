"""Security headers of every response: pages, files, errors, and static files, which WhiteNoise sends by itself."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

# Everything comes from this site; images and sound may also be data in the page (figures, previews).
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "form-action 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)

# What no page here uses, with the names that Chromium 156 knows. Sound may start after a tap, receipts are copied.
_DENIED = (
    "accelerometer browsing-topics camera captured-surface-control clipboard-read compute-pressure deferred-fetch "
    "digital-credentials-create digital-credentials-get display-capture encrypted-media fullscreen gamepad geolocation "
    "gyroscope hid identity-credentials-get idle-detection interest-cohort keyboard-map language-detector "
    "language-model local-fonts local-network local-network-access loopback-network magnetometer microphone midi "
    "on-device-speech-recognition otp-credentials payment picture-in-picture private-state-token-issuance "
    "private-state-token-redemption publickey-credentials-create publickey-credentials-get screen-wake-lock serial "
    "speaker-selection storage-access summarizer sync-xhr translator usb window-management xr-spatial-tracking"
)
FEATURES = ", ".join(["autoplay=(self)", "clipboard-write=(self)", *(f"{name}=()" for name in _DENIED.split())])


class ResponseHeadersMiddleware:
    """Add a strict content policy and forbid shared caching, unless the view or WhiteNoise has set these headers.

    What the console shows is stored by no cache at all: a computer may be shared. No other site gets a response as an
    image, script or frame of its own.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Permissions-Policy", FEATURES)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        is_console = request.path.startswith("/console/")
        response.headers.setdefault("Cache-Control", "private, no-store" if is_console else "private, no-cache")
        return response
