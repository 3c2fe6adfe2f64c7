"""`attune prove`: a throw-away installation is killed again and again, and held against its provider.

ground    the installation, its daemon as a process that can be killed, and the stand-in for Twilio
crowd     invented people who join, take up a habit and answer from their phones
ledger    what the provider saw, against our rows
course    all of it, one kill after the other
"""

from service.proving.course import Course, prove
from service.proving.ledger import Ledger

__all__ = ["Course", "Ledger", "prove"]
