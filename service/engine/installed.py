"""Which engines this installation can run: the cluster's needs a package that is an extra."""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from service.db import Database
from service.errors import WrongUsage

if TYPE_CHECKING:
    from service.engine.cluster import ClusterEngine

MISSING = "A worker needs the package Procrastinate: pip install 'attune[cluster]'."


def has_cluster() -> bool:
    """Say whether the package of the cluster engine is here."""
    return find_spec("procrastinate") is not None


def cluster_engine() -> type["ClusterEngine"]:
    """Return the cluster engine, whose module is imported only now. Raises WrongUsage without its package."""
    if not has_cluster():
        raise WrongUsage(MISSING)
    found: type[ClusterEngine] = import_module("service.engine.cluster").ClusterEngine
    return found


def upgrade_tables(db: Database) -> None:
    """Bring up the tables of the cluster's jobs, where there are any. Raises DatabaseError."""
    if has_cluster() and not db.is_sqlite:
        import_module("service.engine.tables").upgrade(db)
