"""Measure what a participant's image and sound cost with files in a folder and in a bucket some milliseconds away.

    python benchmarks/bench_media.py [--requests 200] [--delay 20]

The bucket is a server of moto's behind a proxy that holds back each answer for the delay (milliseconds). Prints the
median and the 95th percentile in milliseconds of the whole request by Django's test client, for: a folder; a bucket,
where image and sound are on this machine already, as after the first participant; a bucket, where neither is, as for
the first one after a restart with an empty disk.
"""

import argparse
import contextlib
import logging
import os
import shutil
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))


def delayed(port: int, seconds: float) -> int:
    """Start a proxy to a port of this machine that holds back each piece of an answer; return its own port."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def pass_on(source: socket.socket, target: socket.socket, pause: float) -> None:
        with contextlib.suppress(OSError), target:  # the other side may close first
            while data := source.recv(1 << 20):
                time.sleep(pause)
                target.sendall(data)

    def accept() -> None:
        while True:
            near, _ = listener.accept()
            far = socket.create_connection(("127.0.0.1", port))
            threading.Thread(target=pass_on, args=(near, far, 0), daemon=True).start()
            threading.Thread(target=pass_on, args=(far, near, seconds), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


def milliseconds(request: Callable[[], None], times: int) -> str:
    """Return the median and the 95th percentile of `times` requests, as a cell of a table."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        request()
        taken.append(1000 * (time.perf_counter() - began))
    return f"{statistics.median(taken):.1f} ({statistics.quantiles(taken, n=20)[-1]:.1f})"


def measure(requests: int, folder: Path) -> None:
    """Print the rows of the storage that the settings name."""
    from django.test import Client
    from django.test.utils import setup_test_environment

    from study.models import Study
    from tests.factories import make_study, open_with_images
    from tests.study.visits import Visit

    setup_test_environment()
    study = open_with_images(make_study(clips=1, size=512, seconds=30))
    Study.objects.update(trials_per_participant=1)
    visit = Visit(study).to_trials()
    key = visit.participant.trials.get().media_key
    addresses = {"image": visit.url(f"m/{key}/A?w=512"), "sound": visit.url(f"m/{key}/audio")}
    client: Client = visit.client
    is_bucket = bool(os.environ.get("EARSIGHT_MEDIA_URL"))
    for what, address in addresses.items():

        def ask(address: str = address) -> None:
            response = client.get(address)
            assert response.status_code == 200, response.status_code

        def ask_anew() -> None:
            for name in ("survey-images", "media-copies"):
                shutil.rmtree(folder / name, ignore_errors=True)
            ask()

        ask()
        where = "bucket, on this machine already" if is_bucket else "folder"
        print(f"| {what} | {where} | {milliseconds(ask, requests)} |", flush=True)
        if is_bucket:
            print(
                f"| {what} | bucket, for the first time | {milliseconds(ask_anew, max(20, requests // 5))} |",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--delay", type=float, default=20, help="milliseconds of each answer of the bucket")
    options = parser.parse_args()
    print("| file | storage | median (95th percentile), ms |\n|---|---|--:|", flush=True)
    for storage in ("folder", "bucket"):  # each in a process of its own
        if (child := os.fork()) == 0:
            in_storage(storage, options)
            os._exit(0)
        if os.waitpid(child, 0)[1]:
            sys.exit(1)


def in_storage(storage: str, options: argparse.Namespace) -> None:
    """Measure one storage with a data folder and a database of its own."""
    with tempfile.TemporaryDirectory(prefix="earsight-bench-") as folder:
        os.environ |= {"EARSIGHT_TEST_DATA": folder, "EARSIGHT_LOG_LEVEL": "ERROR"}
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        if storage == "bucket":
            import boto3
            from moto.server import ThreadedMotoServer

            server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
            server.start()
            port = delayed(server.get_host_and_port()[1], options.delay / 1000)
            os.environ |= {
                "EARSIGHT_MEDIA_URL": "s3://bench/media",
                "EARSIGHT_S3_ENDPOINT": f"http://127.0.0.1:{port}",
                "AWS_ACCESS_KEY_ID": "x",
                "AWS_SECRET_ACCESS_KEY": "x",
                "AWS_DEFAULT_REGION": "us-east-1",
            }
            boto3.resource("s3", endpoint_url=os.environ["EARSIGHT_S3_ENDPOINT"]).create_bucket(Bucket="bench")
        import django

        django.setup()
        logging.getLogger("werkzeug").disabled = True
        from django.conf import settings
        from django.core.management import call_command

        from config.media_storage.address import media_storage

        stored = media_storage("EARSIGHT_MEDIA_URL", "EARSIGHT_S3_ENDPOINT")
        settings.STORAGES = settings.STORAGES | {"default": stored}
        call_command("migrate", verbosity=0)
        measure(options.requests, Path(folder))


if __name__ == "__main__":
    main()
