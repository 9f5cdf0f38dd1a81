"""a step

Revision ID: b
Revises: a
"""
from alembic import op

# revision identifiers, used by Alembic.
revision = 'b'
down_revision = 'a'
branch_labels = None
depends_on = None


def upgrade():
    revision = 'not this one'
