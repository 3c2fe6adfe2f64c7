"""Real servers on the loopback interface: for Twilio, a mail server, a service of Apprise's."""

from notifiers.standin import Record, Script, TwilioServer
from tests.servers.service import ServiceServer
from tests.servers.smtp import SmtpServer

__all__ = ["Record", "Script", "ServiceServer", "SmtpServer", "TwilioServer"]
