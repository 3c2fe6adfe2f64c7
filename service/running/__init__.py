"""Starting and stopping: daemon, worker, web server, daemon and web server in one, and the demonstration.

A module for each, so that a daemon need not load what only a web server uses.
"""

SELDOM = (50_000, 20, 20)
"""When the garbage collector looks."""
