"""make_t1

Revision ID: 000000000001
Revises: 
"""
from alembic import op
import sqlalchemy as sa

revision = '000000000001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.execute('CREATE TABLE t1 (id integer PRIMARY KEY)')


def downgrade():
    op.execute('DROP TABLE t1')
