"""a step

Revision ID: m
Revises: ('b', 'f')
"""
from alembic import op

# revision identifiers, used by Alembic.
revision = 'm'
down_revision = ('b', 'f')
branch_labels = None
depends_on = None


def upgrade():
    revision = 'not this one'
