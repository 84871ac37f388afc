"""A tunnel program for tests: prints what the real one prints, and passes requests on as the real one does.

    python fake_tunnel.py PROGRAM HOW PORT_FILE WORDS…

PROGRAM: whose output. HOW: `works`, or the fault that it prints before it ends. PORT_FILE: where it writes the port at
which the test plays a visitor. WORDS: what the demo gave the program.
"""

import http.client
import re
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

# As the programs print it (cloudflared and tailscale to standard error, ngrok to standard output).
PRINTED = {
    "cloudflared": """\
2026-11-30T05:00:00Z INF Thank you for trying Cloudflare Tunnel. Doing so, without a Cloudflare account, is a quick \
way to experiment. https://developers.cloudflare.com/cloudflare-one/connections/connect-apps
2026-11-30T05:00:00Z INF Requesting new quick Tunnel on trycloudflare.com...
2026-11-30T05:00:03Z INF +--------------------------------------------------------------------------------------------+
2026-11-30T05:00:03Z INF |  Your quick Tunnel has been created! Visit it at (it may take some time to be reachable):  |
2026-11-30T05:00:03Z INF |  https://quiet-river-two-words.trycloudflare.com                                           |
2026-11-30T05:00:03Z INF +--------------------------------------------------------------------------------------------+
""",
    "tailscale": """\
Available on the internet:

https://studio.tail1a2b3.ts.net/
|-- proxy http://127.0.0.1:8000

Press Ctrl+C to exit.
""",
    "ngrok": """\
t=2026-11-30T05:00:00+0000 lvl=info msg="no configuration paths supplied"
t=2026-11-30T05:00:00+0000 lvl=info msg="starting web service" obj=web addr=127.0.0.1:4040 allow_hosts=[]
t=2026-11-30T05:00:01+0000 lvl=info msg="started tunnel" obj=tunnels name=command_line addr=http://localhost:8000 \
url=https://4d11-52-230-24-207.ngrok-free.app
""",
}
FAULTS = {
    "no network": 'failed to request quick Tunnel: Post "https://api.trycloudflare.com/tunnel": dial tcp: lookup '
    "api.trycloudflare.com on 127.0.0.11:53: no such host\n",
    "too many": "2026-11-30T05:00:00Z ERR Error unmarshaling QuickTunnel response: error code: 1015 "
    'error="invalid character" status_code="429 Too Many Requests"\n',
    "not enabled": "\nFunnel is not enabled on your tailnet.\nTo enable, visit:\n\n"
    "         https://login.tailscale.com/f/funnel?node=nAbC123\n\n",
    "no right": "sending serve config: Access denied: serve config denied\n\nUse 'sudo tailscale funnel 8000'.\n",
    "signed out": "Logged out.\n",
    "no token": 't=2026-11-30T05:00:00+0000 lvl=eror msg="failed to auth" obj=tunnels.session err="Usage of ngrok '
    'requires a verified account and authtoken.\\r\\n\\r\\nERR_NGROK_4018\\r\\n"\n',
    "silent": "",
}


class Proxy(BaseHTTPRequestHandler):
    """Passes on requests with their host, and says that the visitor used https, from which address."""

    port = 0

    def do_GET(self) -> None:
        onward = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
        length = int(self.headers.get("Content-Length") or 0)
        headers |= {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.5"}
        onward.request(self.command, self.path, self.rfile.read(length), headers)
        answer = onward.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_arguments: object) -> None:
        pass


def main() -> None:
    program, how, port_file, *words = sys.argv[1:]
    out = sys.stdout if program == "ngrok" else sys.stderr
    if how == "works":
        found = re.search(r"(?:^|:)(\d+)$", next(word for word in reversed(words) if word[-1].isdecimal()))
        assert found, words
        Proxy.port = int(found[1])
        server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
        Path(port_file).write_text(str(server.server_port))
        print(PRINTED[program], file=out, flush=True)
        server.serve_forever()
    print(FAULTS[how], file=out, flush=True)
    if how == "not enabled":  # it waits for the person
        time.sleep(600)
    sys.exit(1)


if __name__ == "__main__":
    main()
