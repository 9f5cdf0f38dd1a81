"""make_t3

Revision ID: 000000000003
Revises: 000000000002
"""
from alembic import op
import sqlalchemy as sa

revision = '000000000003'
down_revision = '000000000002'
branch_labels = None
depends_on = None


def upgrade():
    op.execute('CREATE TABLE t3 (id integer PRIMARY KEY)')


def downgrade():
    op.execute('DROP TABLE t3')
