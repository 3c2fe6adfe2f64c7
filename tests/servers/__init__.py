"""Real servers on the loopback interface that stand in for the providers: Twilio's API and a mail server."""

from notifiers.standin import Record, Script, TwilioServer
from tests.servers.smtp import SmtpServer

__all__ = ["Record", "Script", "SmtpServer", "TwilioServer"]
