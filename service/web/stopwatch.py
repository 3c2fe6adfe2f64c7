"""How long providers wait for the answers to their posts, for `/metrics`."""

from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service import meter

HOOKS = ("sms", "status")


class Stopwatch:
    """Takes the time from when a post to a hook came in until its answer went out.

    What is done afterwards is not in it. Whatever is no hook of ours counts as `other`: nobody outside can
    make up labels.
    """

    def __init__(self, app: ASGIApp, channels: frozenset[str]) -> None:
        self.app = app
        self.channels = channels

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/hooks/"):
            await self.app(scope, receive, send)
            return
        begins, status = perf_counter(), 0

        async def noting(message: Message) -> None:
            nonlocal status
            await send(message)
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body" and not message.get("more_body"):
                meter.HOOKS.labels(*self._labels(scope["path"]), str(status)).observe(perf_counter() - begins)

        await self.app(scope, receive, noting)

    def _labels(self, path: str) -> tuple[str, str]:
        match path.split("/")[2:]:
            case [channel, hook] if channel in self.channels and hook in HOOKS:
                return channel, hook
            case _:
                return "other", "other"
