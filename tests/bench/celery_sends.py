"""One Celery task per message, on Redis: run by a Python that has both, and nothing of ours.

`python celery_sends.py MESSAGES` posts them, waits for a worker of this module to carry them, and prints
how many seconds that took; with `kill` behind, it ends the worker with SIGKILL in the middle, and prints how
many a new one has not carried 10 s after it had nothing more to do.
"""

import json
import os
import signal
import subprocess
import sys
import time

from celery import Celery  # type: ignore[import-not-found]
from redis import Redis  # type: ignore[import-not-found]

URL = os.environ.get("BENCH_REDIS", "redis://127.0.0.1:6379/0")
COUNT = "carried"
PATIENCE_SECONDS, QUIET_SECONDS = 120, 10
WORKER = ("-m", "celery", "-A", "celery_sends", "worker", "-c", "8", "-P", "threads", "--without-gossip")

app = Celery("celery_sends", broker=URL)
app.conf.task_ignore_result = True
app.conf.broker_connection_retry_on_startup = True
redis = Redis.from_url(URL)


@app.task  # type: ignore[untyped-decorator]
def send(_number: int) -> None:
    """Count a message, in place of handing it over."""
    redis.incr(COUNT)


def carried() -> int:
    return int(redis.get(COUNT) or 0)


def worker() -> "subprocess.Popen[bytes]":
    """Start a worker and wait until it carries."""
    started = subprocess.Popen(
        [sys.executable, *WORKER],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    redis.delete(COUNT)
    send.delay(0)
    wait_for(1)
    redis.delete(COUNT)
    return started


def _started() -> "subprocess.Popen[bytes]":
    silent = subprocess.DEVNULL
    return subprocess.Popen([sys.executable, *WORKER], stdout=silent, stderr=silent, start_new_session=True)


def wait_for(number: int, quiet: float = PATIENCE_SECONDS) -> float:
    """Wait until so many are carried, or nothing more happens for so long; return when the last was."""
    seen, at = -1, time.monotonic()
    while seen < number and time.monotonic() - at < quiet:
        if (now := carried()) != seen:
            seen, at = now, time.monotonic()
        time.sleep(0.01)
    return at


def rate(messages: int) -> dict[str, float]:
    at_work = worker()
    try:
        begun = time.monotonic()
        for number in range(messages):
            send.delay(number)
        took = wait_for(messages) - begun
        return {"seconds": took, "carried": carried()}
    finally:
        os.killpg(at_work.pid, signal.SIGKILL)


def killed(messages: int) -> dict[str, float]:
    at_work = worker()
    for number in range(messages):
        send.delay(number)
    wait_for(messages // 3)
    os.killpg(at_work.pid, signal.SIGKILL)
    at_work.wait()
    again = subprocess.Popen(
        [sys.executable, *WORKER],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for(messages, QUIET_SECONDS)
        return {"missing": messages - carried()}
    finally:
        os.killpg(again.pid, signal.SIGKILL)


if __name__ == "__main__":
    how = killed if sys.argv[2:] == ["kill"] else rate
    json.dump(how(int(sys.argv[1])), sys.stdout)
