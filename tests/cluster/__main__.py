"""Try it on several hosts: `make hosts`, or `python -m tests.cluster -h`."""

from importlib import import_module

from tests.cluster import hosts

private = hosts.enter_private_network()
# Only now: a program that begins anew in a network of its own would import all of it twice.
import_module("tests.cluster.report").main(obj=private)
