import sys, structlog
from service.web import hooks
def test_a(logged):
    open("/tmp/zz","a").write(f"{sys.stderr} {sys.stderr.closed} \n")
