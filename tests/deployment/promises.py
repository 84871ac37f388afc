"""What docs/operations.md promises, each tried on the machine that was set up by it. In the order in which they run."""

import re
import time
from collections.abc import Callable
from pathlib import Path

from tests.deployment import proxy_promises
from tests.deployment.machine import Machine

Follow = Callable[[str], None]
UNITS = ("earsight-web", "earsight-worker-cpu", "earsight-worker-gpu")
HERE = Path(__file__).parent
CURL = "curl --silent --show-error --max-time 60 --cacert /etc/earsight/tls/fullchain.pem --noproxy '*' "
CURL += "--resolve earsight.example.org:443:127.0.0.1 --resolve earsight.example.org:80:127.0.0.1"


def shell(machine: Machine, program: str) -> str:
    """Run a program with Earsight's models, as the service's user and with its settings."""
    (machine.tree / "srv" / "program.py").write_text(program)
    return machine.run("earsight shell -v0 -c \"exec(open('/srv/program.py').read(), {'__name__': 'x'})\"")


def show(machine: Machine, unit: str, name: str) -> str:
    return machine.run(f"systemctl show --value --property {name} {unit}").strip()


def are_active(machine: Machine) -> bool:
    return all(show(machine, unit, "ActiveState") == "active" for unit in UNITS)


def page_status(machine: Machine, path: str = "/console/sign-in/") -> str:
    command = f"{CURL} --output /dev/null --write-out '%{{http_code}}' https://earsight.example.org{path}"
    return machine.run(command, check=False)[-3:]


def all_services_run(machine: Machine, _follow: Follow) -> str:
    """They were not started twice either: what ends at once and is started again would look active now and then."""
    time.sleep(15)
    assert are_active(machine), machine.run("systemctl status --no-pager 'earsight*' || true")
    assert [show(machine, unit, "NRestarts") for unit in UNITS] == ["0", "0", "0"]
    workers = machine.run("earsight shell -v0 -c 'from config.celery import app; print(sorted(app.control.ping()[0]))'")
    assert "cpu@" in workers or "gpu@" in workers, workers
    sizes = machine.run("ps -o rss=,args= -u earsight").splitlines()
    web = [int(line.split()[0]) // 1024 for line in sizes if "gunicorn" in line]
    celery = [int(line.split()[0]) // 1024 for line in sizes if "celery" in line]
    return f"MB in memory: web {web}, workers {celery}"


def the_env_file_is_closed_and_the_code_is_not_the_services(machine: Machine, _follow: Follow) -> None:
    stated = machine.run(
        "stat --format '%U:%G %a' /etc/earsight/earsight.env /opt/earsight/config/urls.py /var/lib/earsight"
    )
    assert stated.split("\n")[:3] == ["root:earsight 640", "root:root 644", "earsight:earsight 700"], stated


def check_deploy_has_nothing_but_missing_mail(machine: Machine, _follow: Follow) -> None:
    found = machine.run("earsight check --deploy")
    assert set(re.findall(r"\((\w+\.\w\d+)\)", found)) == {"earsight.W006"}, found
    machine.run("mv /var/lib/earsight/static/staticfiles.json /root/")
    found = machine.run("earsight check --deploy", check=False)
    machine.run("mv /root/staticfiles.json /var/lib/earsight/static/")
    assert "earsight.E001" in found, found


def root_is_refused_in_the_services_folder(machine: Machine, _follow: Follow) -> None:
    command = "cd /opt/earsight; EARSIGHT_ENV_FILE=/etc/earsight/earsight.env .venv/bin/python manage.py verify"
    said = machine.run(command, check=False)
    assert "run this as that user, not as root" in said, said


SANDBOX = """
import os, pathlib, sys
def tried(what):
    try:
        return what() or "done"
    except OSError as error:
        return error.strerror
print("code:", tried(lambda: pathlib.Path("/opt/earsight/x").write_text("x")))
print("etc:", tried(lambda: pathlib.Path("/etc/x").write_text("x")))
print("tmp:", tried(lambda: pathlib.Path("/tmp/x").write_text("x") and None))
print("data:", tried(lambda: pathlib.Path("/var/lib/earsight/x").write_text("x") and os.unlink("/var/lib/earsight/x")))
print("others:", len([name for name in os.listdir("/proc") if name.isdigit() and os.stat("/proc/" + name).st_uid == 0]))
sys.path.insert(0, "/opt/earsight"); os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
from study.untrusted_files.bounded_process import BoundedProcess
with BoundedProcess("tests.deployment.network_child", memory=2**30, seconds=20) as child:
    print("networks:", child.ask({})[0]["network"] == os.readlink("/proc/self/ns/net") and "one" or "two")
"""


def units_are_closed_in_and_readers_of_uploads_have_no_network(machine: Machine, _follow: Follow) -> str:
    """A unit of the same name pattern gets the same sandbox. The control: without namespaces the network stays."""
    (machine.tree / "srv" / "sandbox.py").write_text(SANDBOX)
    command = "systemd-run --quiet --wait --pipe --collect {} /opt/earsight/.venv/bin/python /srv/sandbox.py"
    said = machine.run(command.format("--unit earsight-try -p PrivateDevices=yes -p ProcSubset=pid"))
    got = dict(line.split(": ", 1) for line in said.splitlines() if ": " in line)
    assert got["code"] == got["etc"] == "Read-only file system", said
    assert (got["tmp"], got["data"], got["others"]) == ("done", "done", "0"), said
    assert got["networks"] == "two", said
    assert not (machine.tree / "tmp" / "x").exists()  # the unit's own
    settings = "--setenv EARSIGHT_ENV_FILE=/etc/earsight/earsight.env"
    control = machine.run(command.format(f"--unit other -p User=earsight -p RestrictNamespaces=yes {settings}"))
    assert "networks: one" in control, control
    machine.run("rm -f /tmp/x")
    score = machine.run("systemd-analyze security --no-pager earsight-web | tail -1")
    return score.strip()


PREPARE = """
from django.contrib.auth import get_user_model
from study.models import Study
from study.setup.lifecycle import create_study
user = get_user_model().objects.get(username="ada")
user.set_password("seven lamps under water"); user.save()
create_study(title="Lab", owner=user, slug="lab")
"""
START = """
from generation.runs.lifecycle import start_run
from study.models import Study
from study.setup.tag_import import set_tags
study = Study.objects.get(slug="lab")
for clip in study.clips.all():
    set_tags(clip, ["guitar", "slow", "quiet"], actor=study.owner)
start_run(study, actor=study.owner, wake=True)
"""
COUNT = """
from study.models import Stimulus, Study
from generation.models import ClipStep
print("images", Stimulus.objects.count(), "failed", [s.error for s in ClipStep.objects.filter(state="failed")])
"""


def a_researcher_signs_in_and_uploads_through_the_proxy(machine: Machine, _follow: Follow) -> None:
    shell(machine, PREPARE)
    (machine.tree / "srv" / "browser.py").write_text((HERE / "browser.py").read_text())
    said = machine.run("/opt/earsight/.venv/bin/python /srv/browser.py upload")
    assert shell(machine, "from study.models import Clip; print(Clip.objects.count())").split() == ["2"], said


def the_units_workers_make_the_images(machine: Machine, _follow: Follow) -> str:
    shell(machine, START)
    seconds = machine.wait(lambda: "images 8" in shell(machine, COUNT), "eight images", 900)
    most = "for pid in $(pgrep --uid earsight --full 'celery.*worker'); do grep VmHWM /proc/$pid/status; done"
    peaks = sorted(int(line.split()[1]) // 1024 for line in machine.run(most).splitlines())
    return f"eight in {seconds:.0f} s; the most memory of each process, MB: {peaks}"


def the_doctor_looks_in_its_unit_and_tells_of_a_fault(machine: Machine, _follow: Follow) -> None:
    machine.run("echo EARSIGHT_OPERATOR_EMAILS=ops@example.org >> /etc/earsight/earsight.env")
    journal = "journalctl --no-pager --output cat -u earsight-doctor"
    before = machine.run(f"systemctl start earsight-doctor; {journal}")
    assert "Subject: Earsight: broker" not in before, before
    after = machine.run(f"systemctl stop redis-server; systemctl start earsight-doctor; {journal}")
    assert "Subject: Earsight: broker" in after, after  # into the journal, because no mail server is set
    assert "To: ops@example.org" in after, after
    machine.run("systemctl start redis-server; sed -i /^EARSIGHT_OPERATOR_EMAILS/d /etc/earsight/earsight.env")


def services_that_are_killed_come_back(machine: Machine, _follow: Follow) -> str:
    """Also the servers behind them, and several at once."""
    for unit in UNITS:
        machine.run(f"systemctl kill --kill-whom main --signal KILL {unit}")
    said = []
    for unit in UNITS:
        machine.wait(lambda unit=unit: show(machine, unit, "NRestarts") != "0", f"{unit} is started again", 60)
    said.append(f"page after {machine.wait(lambda: page_status(machine) == '200', 'the page', 120):.0f} s")
    machine.run("systemctl stop postgresql redis-server")
    asked = "/s/no-such-study/"
    machine.wait(lambda: page_status(machine, asked) == "503", "a page says that the database is away", 60)
    time.sleep(20)
    machine.run("systemctl start postgresql redis-server")
    machine.wait(lambda: page_status(machine, asked) == "404", "a page after the database is back", 120)
    machine.wait(lambda: are_active(machine), "all services", 60)
    return ", ".join(said)


def services_stop_in_order(machine: Machine, _follow: Follow) -> str:
    began = time.monotonic()
    machine.run("systemctl stop earsight.target")
    machine.wait(lambda: all(show(machine, u, "ActiveState") in ("inactive", "failed") for u in UNITS), "they stop")
    seconds = time.monotonic() - began
    assert [show(machine, unit, "Result") for unit in UNITS] == ["success"] * 3  # none had to be killed
    assert machine.run("pgrep --count --uid earsight", check=False).strip() == "0"
    machine.run("systemctl start earsight.target")
    machine.wait(lambda: page_status(machine) == "200", "the page")
    return f"all three in {seconds:.0f} s"


def the_backup_is_there_and_comes_every_night(machine: Machine, _follow: Follow) -> None:
    assert machine.run("ls -A /var/backups/earsight").strip()
    assert show(machine, "earsight-backup.timer", "ActiveState") == "active"
    assert machine.run("systemctl list-timers --no-pager earsight-backup.timer").count("earsight-backup") >= 1


def upgrade(machine: Machine, follow: Follow) -> None:
    """To the same version, which is committed once more."""
    before = show(machine, "earsight-web", "ExecMainPID")
    follow("Upgrade")
    machine.wait(lambda: page_status(machine) == "200", "the page")
    assert show(machine, "earsight-web", "ExecMainPID") != before
    assert "images 8" in shell(machine, COUNT)


def a_new_secret_key_signs_nobody_out(machine: Machine, follow: Follow) -> None:
    machine.run("/opt/earsight/.venv/bin/python /srv/browser.py sign-in")
    before = machine.run("cat /var/lib/earsight/secret_key")
    follow("A new secret key")
    machine.wait(lambda: page_status(machine) == "200", "the page")
    assert machine.run("cat /var/lib/earsight/secret_key") != before
    assert "still in" in machine.run("/opt/earsight/.venv/bin/python /srv/browser.py stay")
    machine.run(
        "sed -i '/^EARSIGHT_SECRET_KEY_FALLBACKS=/d' /etc/earsight/earsight.env; systemctl restart earsight-web"
    )
    machine.wait(lambda: page_status(machine) == "200", "the page")
    assert "signed out" in machine.run("/opt/earsight/.venv/bin/python /srv/browser.py stay")  # the control


def restore(machine: Machine, follow: Follow) -> None:
    machine.run("systemctl start earsight-backup")
    shell(machine, "from study.models import Study; Study.objects.filter(slug='lab').update(title='Lost')")
    follow("Restore")
    machine.wait(lambda: page_status(machine) == "200", "the page")
    assert "Lab" in shell(machine, "from study.models import Study; print(Study.objects.get(slug='lab').title)")
    assert "images 8" in shell(machine, COUNT)


def after_a_reboot_everything_runs(machine: Machine, _follow: Follow) -> str:
    seconds = machine.reboot()
    machine.wait(lambda: page_status(machine) == "200", "the page after a reboot")
    assert are_active(machine)
    assert "images 8" in shell(machine, COUNT)
    return f"up in {seconds:.0f} s"


def a_wrong_setting_is_named_in_the_log(machine: Machine, _follow: Follow) -> None:
    machine.run(
        "echo EARSIGHT_WEB_THREADS=many >> /etc/earsight/earsight.env; systemctl restart earsight-web", check=False
    )
    machine.wait(lambda: "EARSIGHT_WEB_THREADS is" in machine.run("journalctl -u earsight-web -n 50"), "the log", 90)
    machine.run("sed -i /EARSIGHT_WEB_THREADS=many/d /etc/earsight/earsight.env")
    machine.wait(lambda: page_status(machine) == "200", "it comes back by itself", 120)


ALL: tuple[Callable[[Machine, Follow], str | None], ...] = (
    all_services_run,
    the_env_file_is_closed_and_the_code_is_not_the_services,
    check_deploy_has_nothing_but_missing_mail,
    root_is_refused_in_the_services_folder,
    units_are_closed_in_and_readers_of_uploads_have_no_network,
    a_researcher_signs_in_and_uploads_through_the_proxy,
    the_units_workers_make_the_images,
    *proxy_promises.ALL,
    the_doctor_looks_in_its_unit_and_tells_of_a_fault,
    services_that_are_killed_come_back,
    services_stop_in_order,
    the_backup_is_there_and_comes_every_night,
    upgrade,
    a_new_secret_key_signs_nobody_out,
    restore,
    a_wrong_setting_is_named_in_the_log,
    after_a_reboot_everything_runs,
)
