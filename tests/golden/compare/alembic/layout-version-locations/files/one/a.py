"""a step

Revision ID: a
Revises: None
"""
from alembic import op

# revision identifiers, used by Alembic.
revision = 'a'
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    revision = 'not this one'
