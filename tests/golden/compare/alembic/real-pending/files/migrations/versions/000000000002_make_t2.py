"""make_t2

Revision ID: 000000000002
Revises: 000000000001
"""
from alembic import op
import sqlalchemy as sa

revision = '000000000002'
down_revision = '000000000001'
branch_labels = None
depends_on = None


def upgrade():
    op.execute('CREATE TABLE t2 (id integer PRIMARY KEY)')


def downgrade():
    op.execute('DROP TABLE t2')
