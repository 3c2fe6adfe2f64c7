"""A Twilio that answers on this machine: what `attune prove` and the tests send to, with the official client.

`python -m notifiers.standin --help` starts it as a process of its own.
"""

from notifiers.standin.server import TwilioServer
from notifiers.standin.state import Record, Script

__all__ = ["Record", "Script", "TwilioServer"]
