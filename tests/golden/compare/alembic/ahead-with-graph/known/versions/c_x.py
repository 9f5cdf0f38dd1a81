"""a step

Revision ID: c
Revises: b
"""
from alembic import op

# revision identifiers, used by Alembic.
revision = 'c'
down_revision = 'b'
branch_labels = None
depends_on = None


def upgrade():
    revision = 'not this one'
