"""a step

Revision ID: x
Revises: None
"""
from alembic import op

# revision identifiers, used by Alembic.
revision = 'x'
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    revision = 'not this one'
