"""Alembic's entry: run on the connection that `run.upgrade` hands over, inside its transaction."""

from alembic import context

from sync.hq.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,
)
context.run_migrations()
