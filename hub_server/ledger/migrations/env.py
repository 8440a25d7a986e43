"""Alembic's entry: runs in the transaction that ``Ledger.migrate`` opened."""

from alembic import context

from hub_server.ledger.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
