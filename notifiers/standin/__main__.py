"""Start the stand-in for Twilio as a process: `python -m notifiers.standin --help`."""

import signal

import click

from notifiers.standin import TwilioServer


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--port", default=0, help="The port to listen on; 0 means any free one.")
@click.option("--account", default=f"AC{'0' * 31}1", show_default=True, help="The Account SID.")
@click.option("--token", default="a-token-for-tests", show_default=True, help="The auth token.")
@click.option("--number", default="+12025550100", show_default=True, help="Where people's texts go to.")
@click.option("--inbound-url", help="Where the installation listens for messages.")
@click.option("--public-url", help="The beginning of the address that signatures are made for.")
@click.option("--auto-deliver", is_flag=True, help="Report each message as sent and delivered at once.")
@click.option("--latency", default=0, help="Milliseconds from a call to its answer.")
@click.option("--per-second", default=0.0, help="Messages taken a second, the others refused; 0: no limit.")
def main(
    port: int,
    account: str,
    token: str,
    number: str,
    inbound_url: str | None,
    public_url: str | None,
    auto_deliver: bool,
    latency: int,
    per_second: float,
) -> None:
    """Answer like Twilio until Ctrl-C.

    Steered by POST /control/text, /control/deliver and /control/script (JSON), and GET /control/messages.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    server = TwilioServer(
        port=port,
        account_sid=account,
        auth_token=token,
        number=number,
        inbound_url=inbound_url,
        public_url=public_url,
        auto_deliver=auto_deliver,
        latency=(latency / 2000, latency / 2000),
        per_second=per_second,
    )
    with server:
        click.echo(server.url)
        try:
            signal.pause()
        except KeyboardInterrupt:
            click.echo("Stopped.", err=True)


if __name__ == "__main__":
    main()
