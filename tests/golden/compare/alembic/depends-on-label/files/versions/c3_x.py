"""a step

Revision ID: c3
Revises: None
"""
from alembic import op

# revision identifiers, used by Alembic.
revision = 'c3'
down_revision = None
branch_labels = None
depends_on = 'core'


def upgrade():
    revision = 'not this one'
