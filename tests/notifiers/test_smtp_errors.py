"""What smtplib raises, at each stage of a talk with a mail server."""

import smtplib
import socket
import ssl

import pytest

from notifiers.base import Kind
from notifiers.smtp_errors import Refused, Stage, failure


@pytest.mark.parametrize(
    ("error", "stage", "kind"),
    [
        (socket.gaierror(-2, "Name or service not known"), Stage.CONNECT, Kind.RETRY),
        (TimeoutError(), Stage.CONNECT, Kind.RETRY),
        (TimeoutError(), Stage.TO, Kind.RETRY),
        (TimeoutError(), Stage.DATA, Kind.UNKNOWN),
        (ssl.SSLEOFError(), Stage.CONNECT, Kind.RETRY),
        (smtplib.SMTPServerDisconnected(), Stage.LOGIN, Kind.RETRY),
        (smtplib.SMTPServerDisconnected(), Stage.DATA, Kind.UNKNOWN),
        (smtplib.SMTPConnectError(421, b"Busy"), Stage.CONNECT, Kind.RETRY),
        (smtplib.SMTPConnectError(554, b"No"), Stage.CONNECT, Kind.SENDER),
        (smtplib.SMTPConnectError(-1, b""), Stage.CONNECT, Kind.RETRY),
        (smtplib.SMTPAuthenticationError(454, b"4.7.0 Later"), Stage.LOGIN, Kind.RETRY),
        (smtplib.SMTPAuthenticationError(535, b"5.7.8 No"), Stage.LOGIN, Kind.SENDER),
        (smtplib.SMTPNotSupportedError("AUTH"), Stage.LOGIN, Kind.SENDER),
        (smtplib.SMTPException("No suitable method"), Stage.LOGIN, Kind.SENDER),
        (UnicodeError("label too long"), Stage.CONNECT, Kind.SENDER),
        (Refused(500, b"Line too long."), Stage.DATA, Kind.CONTENT),
        (smtplib.SMTPResponseException(500, "Line too long."), Stage.DATA, Kind.UNKNOWN),
        (ValueError("anything"), Stage.DATA, Kind.UNKNOWN),
    ],
    ids=repr,
)
def test_what_smtplib_raises(error: Exception, stage: Stage, kind: Kind) -> None:
    assert failure(error, stage).kind is kind
