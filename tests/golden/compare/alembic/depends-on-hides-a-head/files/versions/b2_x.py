"""a step

Revision ID: b2
Revises: a1
"""
from alembic import op

# revision identifiers, used by Alembic.
revision = 'b2'
down_revision = 'a1'
branch_labels = None
depends_on = None


def upgrade():
    revision = 'not this one'
