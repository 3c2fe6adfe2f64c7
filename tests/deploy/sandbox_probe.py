"""What Attune's libraries do all day, and what its unit must refuse; prints what worked as JSON."""

import asyncio
import ctypes
import importlib
import json
import mmap
import os
import socket
import ssl
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psycopg
import rapidfuzz
from apscheduler.schedulers.background import BackgroundScheduler
from cryptography.fernet import Fernet
from fastapi import FastAPI
from sqlalchemy import create_engine, text
from uvicorn import Config, Server


def healthy() -> str:
    return "yes"


def serve() -> None:
    """Answer one request, from the thread pool as all of ours, and stop."""
    app = FastAPI()
    app.get("/healthz")(healthy)
    server = Server(Config(app, host="127.0.0.1", port=0, log_level="error"))

    async def run() -> None:
        task = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0)
        port = server.servers[0].sockets[0].getsockname()[1]
        async with httpx.AsyncClient() as client:
            (await client.get(f"http://127.0.0.1:{port}/healthz")).raise_for_status()
        server.should_exit = True
        await task

    asyncio.run(run())


def store() -> None:
    """Write a row in WAL mode and read it from another thread."""
    with tempfile.TemporaryDirectory() as folder:
        engine = create_engine(f"sqlite:///{Path(folder) / 'attune.db'}")
        with engine.begin() as connection:
            connection.execute(text("PRAGMA journal_mode = WAL"))
            connection.execute(text("CREATE TABLE kept (day TEXT)"))
        with ThreadPoolExecutor() as pool, engine.connect() as connection:
            pool.submit(connection.execute, text("SELECT * FROM kept")).result()
        engine.dispose()


def schedule() -> None:
    scheduler = BackgroundScheduler()
    scheduler.start()
    scheduler.shutdown()


def reach_postgresql() -> None:
    try:
        psycopg.connect("host=127.0.0.1 port=1 connect_timeout=2")
    except psycopg.OperationalError as error:
        if "not permitted" in str(error):
            raise


def give_away() -> None:
    with tempfile.NamedTemporaryFile() as file:
        os.chown(file.name, os.getuid(), os.getgid())


def seal() -> None:
    sealer = Fernet(Fernet.generate_key())
    sealer.decrypt(sealer.encrypt(b"words"))


NEEDED: dict[str, Callable[[], object]] = {
    "web server": serve,
    "sqlite": store,
    "scheduler": schedule,
    "psycopg": reach_postgresql,
    "sealing": seal,
    "rapidfuzz": lambda: rapidfuzz.fuzz.ratio("done", "doen"),
    "twilio": lambda: importlib.import_module("twilio.rest"),
    "tls": ssl.create_default_context,
    "names": lambda: socket.getaddrinfo("localhost", 443),
    "callback from C": lambda: ctypes.CFUNCTYPE(ctypes.c_int)(lambda: 1)(),
    "random": lambda: os.urandom(16),
}

REFUSED: dict[str, Callable[[], object]] = {
    "memory to write and run": lambda: mmap.mmap(-1, mmap.PAGESIZE, prot=7).close(),
    "netlink": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close(),
    "another owner": give_away,
    "another processor": lambda: os.sched_setaffinity(0, os.sched_getaffinity(0)),
}


def works(action: Callable[[], object]) -> bool:
    try:
        action()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    json.dump({name: works(action) for name, action in (NEEDED | REFUSED).items()}, sys.stdout)
