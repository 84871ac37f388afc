"""What the proxy of deploy/nginx promises: it keeps no address and no token, and slow people hold up nobody."""

import time
from collections.abc import Callable

from tests.deployment.machine import Machine

Follow = Callable[[str], None]
VISITOR = "127.0.0.77"
TOKEN = "tokenthatnobodymaykeep"
SITE = "https://earsight.example.org"
CURL = "curl --silent --max-time 100 --insecure --noproxy '*' --interface " + VISITOR
CURL += " --resolve earsight.example.org:443:127.0.0.1 --resolve earsight.example.org:80:127.0.0.1"
CURL += " --resolve earsight.example.org:8443:127.0.0.1"


def ask(machine: Machine, options: str) -> str:
    """Return status, headers and page."""
    return machine.run(f"{CURL} --include {options}", check=False)


def status(machine: Machine, options: str) -> str:
    return machine.run(f"{CURL} --output /dev/null --write-out '%{{http_code}}' {options}", check=False).strip()[-3:]


def http_goes_on_to_https_and_strangers_get_nothing(machine: Machine, _follow: Follow) -> None:
    answer = ask(machine, f"http://earsight.example.org/s/{TOKEN}/?a=1")
    assert " 308 " in answer, answer
    assert f"location: {SITE}/s/{TOKEN}/?a=1" in answer.lower(), answer
    assert status(machine, "http://127.0.0.1/") == "000"
    assert status(machine, "https://127.0.0.1/") == "000"
    assert status(machine, f"{SITE}/metrics") == "403"
    assert " 200" in ask(machine, f"--http2 {SITE}/console/sign-in/").splitlines()[0]
    old = machine.run(f"{CURL} --tls-max 1.1 --output /dev/null {SITE}/ && echo taken || echo refused", check=False)
    assert "refused" in old


def forms_are_taken_at_another_port_too(machine: Machine, _follow: Follow) -> None:
    """The control: with `$host`, which leaves the port out, the form is refused."""
    site = "/etc/nginx/sites-available/earsight"
    browse = "/opt/earsight/.venv/bin/python /srv/browser.py sign-in https://earsight.example.org:8443"
    machine.run(
        f"sed -i 's/    listen 443 ssl http2;/&\\n    listen 8443 ssl http2;/' {site}; systemctl reload nginx; sleep 1"
    )
    assert "signed in: https://earsight.example.org:8443/console/" in machine.run(browse)
    machine.run("sed -i 's/http_host;/host;/' /etc/nginx/earsight-pass.conf; systemctl reload nginx; sleep 1")
    refused = machine.run(browse, check=False)
    machine.run("sed -i 's/Host $host;/Host $http_host;/' /etc/nginx/earsight-pass.conf")
    machine.run(f"sed -i '/listen 8443/d' {site}; systemctl reload nginx; sleep 1")
    assert "403" in refused, refused


def _provoke(machine: Machine) -> dict[str, str]:
    """Make every error of a request that nginx writes a line about; return the answers by name."""
    link = f"{SITE}/p/{TOKEN}/"
    said = {}
    machine.run("head -c 6000000 /dev/zero > /tmp/large; head -c 40000 /dev/zero | tr '\\0' a > /tmp/long")
    said["413"] = ask(machine, f"--data-binary @/tmp/large {link}")
    said["414"] = ask(machine, f'--http1.1 "{link}$(cat /tmp/long)"')
    said["494"] = ask(machine, f'--http1.1 --header "X-Long: $(cat /tmp/long)" {link}')
    raw = f"openssl s_client -quiet -connect 127.0.0.1:443 -bind {VISITOR}:0 -servername earsight.example.org"
    request = f"POST /p/{TOKEN}/ HTTP/1.1\\r\\nHost: earsight.example.org\\r\\n"
    machine.run(f"printf 'GARBAGE /{TOKEN}\\r\\n\\r\\n' | timeout 5 {raw}", check=False)
    machine.run(f"printf '{request}Content-Length: -5\\r\\n\\r\\n' | timeout 5 {raw}", check=False)
    machine.run(f"(printf '{request}Content-Length: 500\\r\\n\\r\\nabc'; sleep 3) | timeout 4 {raw}", check=False)
    machine.run(f"(printf '{request}Content-Length: 500\\r\\n\\r\\nabc'; sleep 40) | timeout 45 {raw}", check=False)
    machine.run(f"(printf 'GET /p/{TOKEN}/ HTTP/1.1\\r\\nHo'; sleep 20) | timeout 25 {raw}", check=False)
    machine.run("(echo nonsense; sleep 1) | timeout 3 openssl s_client -quiet -connect 127.0.0.1:443", check=False)
    machine.run(f"{CURL} http://127.0.0.1:443/p/{TOKEN}/", check=False)  # http to the port of https
    machine.run("systemctl stop earsight-web")
    said["502"] = ask(machine, f"{link}")
    # Something that takes the connection and ends it in the middle of an answer.
    dead = "import socket; s = socket.create_server(('127.0.0.1', 8000)); c, _ = s.accept(); c.recv(9999);"
    dead += " c.send(b'HTTP/1.1 200 OK\\r\\nContent-Length: 99\\r\\n\\r\\nhalf'); c.close()"
    machine.run(f'timeout 20 python3 -c "{dead}" & sleep 2; {CURL} {link}; wait', check=False)
    machine.run("systemctl start earsight-web; sleep 4")
    machine.run("rm -f /tmp/large /tmp/long")
    return said


def _kept(machine: Machine) -> str:
    """Return the lines of all logs that hold the visitor's address or the token."""
    search = f"grep -rnE '{TOKEN}|{VISITOR.replace('.', '[.]')}' /var/log/nginx /var/lib/nginx /var/log/*.log; "
    search += f"journalctl --no-pager | grep -E '{TOKEN}|{VISITOR.replace('.', '[.]')}'"
    return machine.run(search, check=False)


def errors_leave_no_address_and_no_token_in_any_log(machine: Machine, _follow: Follow) -> str:
    """And say in plain words what to do. The control: nginx's usual error log keeps both."""
    said = _provoke(machine)
    words = {"413": "너무 큽니다", "414": "Open the link again", "502": "잠시 연결할 수 없습니다"}
    assert all(f" {number}" in said[number].splitlines()[0] for number in words), said
    assert all(text in said[number] for number, text in words.items()), said
    assert "Open the link again" in said["494"], said["494"]
    assert "retry-after: 10" in said["502"].lower(), said["502"]
    kept = _kept(machine)
    assert not kept.strip(), kept[:2000]
    site = "/etc/nginx/sites-available/earsight"
    machine.run(
        f"cp {site} /root/site; sed -i 's|error_log /dev/null emerg|error_log /var/log/nginx/control.log|' {site}"
    )
    machine.run("systemctl reload nginx; sleep 1")
    _provoke(machine)
    control = _kept(machine)
    machine.run(f"cp /root/site {site}; systemctl reload nginx; rm /var/log/nginx/control.log")
    lines = [line for line in control.splitlines() if "control.log" in line]
    assert any(TOKEN in line and VISITOR in line for line in lines), control[:2000]
    return f"nginx's usual log would have kept {len(lines)} lines"


SLOW = """
import socket, ssl, sys, threading, time
port, tls = int(sys.argv[1]), sys.argv[1] == "443"
context = ssl._create_unverified_context()
end = time.monotonic() + 40
def slow():
    sock = socket.create_connection(("127.0.0.1", port))
    if tls:
        sock = context.wrap_socket(sock, server_hostname="earsight.example.org")
    sock.sendall(b"POST /console/sign-in/ HTTP/1.1\\r\\nHost: earsight.example.org\\r\\nX-Forwarded-Proto: https\\r\\n"
                 b"Content-Type: application/x-www-form-urlencoded\\r\\nContent-Length: 5000\\r\\n\\r\\n")
    try:
        while time.monotonic() < end:
            sock.sendall(b"a"); time.sleep(1)
    except OSError:
        pass
threads = [threading.Thread(target=slow, daemon=True) for _ in range(40)]
[thread.start() for thread in threads]
time.sleep(45)
"""


def _slowest_page(machine: Machine, port: str) -> float:
    """Return the seconds of the slowest of ten pages while forty people send bodies byte by byte; 20: no answer."""
    (machine.tree / "srv" / "slow.py").write_text(SLOW)
    machine.run(f"(timeout 60 python3 /srv/slow.py {port} > /dev/null 2>&1 &) ; sleep 5")
    url = f"{SITE}/console/sign-in/" if port == "443" else f"http://127.0.0.1:{port}/console/sign-in/"
    slowest = 0.0
    for _ in range(10):
        began = time.monotonic()
        machine.run(f"{CURL} --max-time 20 --output /dev/null {url}", check=False)
        slowest = max(slowest, time.monotonic() - began)
        if slowest >= 20:
            break
    machine.run("pkill --full /srv/slow.py; sleep 3", check=False)
    return slowest


def forty_slow_bodies_hold_up_nobody(machine: Machine, _follow: Follow) -> str:
    """The control: sent to gunicorn itself, they hold all its threads."""
    through, bare = _slowest_page(machine, "443"), _slowest_page(machine, "8000")
    assert through < 5, through
    assert bare >= 20, bare
    return f"slowest page {through:.1f} s; without the proxy none within 20 s"


ALL: tuple[Callable[[Machine, Follow], str | None], ...] = (
    http_goes_on_to_https_and_strangers_get_nothing,
    forms_are_taken_at_another_port_too,
    errors_leave_no_address_and_no_token_in_any_log,
    forty_slow_bodies_hold_up_nobody,
)
