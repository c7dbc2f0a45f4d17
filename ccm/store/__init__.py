"""State: SQLAlchemy Core on SQLite or PostgreSQL. The same statements serve both."""

from ccm.store.engine import Store

__all__ = ["Store"]
