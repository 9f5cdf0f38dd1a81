"""a step

Revision ID: 975ea664c1f1
Revises: None
"""
from alembic import op

# revision identifiers, used by Alembic.
revision = '975ea664c1f1'
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    revision = 'not this one'
