"""a step

Revision ID: y
Revises: x
"""
from alembic import op

# revision identifiers, used by Alembic.
revision = 'y'
down_revision = 'x'
branch_labels = None
depends_on = None


def upgrade():
    revision = 'not this one'
