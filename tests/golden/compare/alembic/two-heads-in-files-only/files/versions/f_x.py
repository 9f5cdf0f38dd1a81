"""a step

Revision ID: f
Revises: a
"""
from alembic import op

# revision identifiers, used by Alembic.
revision = 'f'
down_revision = 'a'
branch_labels = None
depends_on = None


def upgrade():
    revision = 'not this one'
