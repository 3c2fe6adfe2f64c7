"""Errors that are told to a person.

AttuneError          one sentence; exit code 1 or HTTP 4xx
  WrongUsage         what was asked for cannot be right; exit code 2
  NeedsPerson        somebody has to answer first; exit code 3
"""


class AttuneError(Exception):
    """Something a person can set right; the text is one sentence, without an address, a word or a secret."""

    exit_code = 1


class WrongUsage(AttuneError):  # noqa: N818 (A person reads it as words.)
    """What was asked for cannot be right."""

    exit_code = 2


class NeedsPerson(AttuneError):  # noqa: N818
    """Somebody has to answer first."""

    exit_code = 3
