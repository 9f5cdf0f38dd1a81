import os
from alembic import context
from sqlalchemy import create_engine, pool

config = context.config
engine = create_engine(os.environ["ALEMBIC_URL"], poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=None, **{})
    with context.begin_transaction():
        context.run_migrations()
