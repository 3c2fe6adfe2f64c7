"""Real servers on the loopback interface that stand in for the providers: Twilio's API and a mail server.

`python -m tests.servers twilio` starts the first as a process of its own.
"""

from tests.servers.smtp import SmtpServer
from tests.servers.twilio import TwilioServer
from tests.servers.twilio_state import Record, Script

__all__ = ["Record", "Script", "SmtpServer", "TwilioServer"]
