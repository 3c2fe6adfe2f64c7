"""Posts requests as fast as they are answered: `python -m tests.bench.posting PORT CONNECTIONS FILE`.

It is a process of its own, and a light one: it shares the machine with the server that it measures.
"""

import asyncio
import json
import pickle
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

END = b"\r\n\r\n"


class Line(asyncio.Protocol):
    """One connection that is kept: the next request goes out when the answer to the last one is here."""

    def __init__(self, waiting: Iterator[bytes], done: "Done") -> None:
        self.waiting, self.done = waiting, done
        self.begun, self.received = 0.0, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._next()

    def _next(self) -> None:
        request = next(self.waiting, None)
        if request is None:
            self.transport.close()
            return
        self.begun, self.received = perf_counter(), b""
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, end, body = self.received.partition(END)
        if not end or len(body) < _length(head):
            return
        self.done.seconds.append(perf_counter() - self.begun)
        self.done.statuses[int(head.split(None, 2)[1])] += 1
        self._next()

    def connection_lost(self, _exc: Exception | None) -> None:
        self.done.closed()


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return 0


class Done:
    """What came back: how long each answer took, and its status."""

    def __init__(self, lines: int) -> None:
        self.seconds: list[float] = []
        self.statuses: Counter[int] = Counter()
        self.open, self.over = lines, asyncio.Event()

    def closed(self) -> None:
        self.open -= 1
        if not self.open:
            self.over.set()


async def post_all(port: int, connections: int, requests: list[bytes]) -> dict[str, object]:
    """Post all of them over so many connections; return the seconds of each answer and of all of it."""
    done, waiting = Done(connections), iter(requests)
    begun = perf_counter()
    for _ in range(connections):
        await asyncio.get_running_loop().create_connection(lambda: Line(waiting, done), "127.0.0.1", port)
    await done.over.wait()
    took = perf_counter() - begun
    return {"took": took, "seconds": done.seconds, "statuses": done.statuses}


if __name__ == "__main__":
    port, connections, file = sys.argv[1:]
    prepared = pickle.loads(Path(file).read_bytes())
    json.dump(asyncio.run(post_all(int(port), int(connections), prepared)), sys.stdout)
