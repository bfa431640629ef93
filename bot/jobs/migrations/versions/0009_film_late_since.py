"""When the server first answered without the film of a completed job

Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('jobs', sa.Column('film_late_since', sa.Float(53), nullable=True))


def downgrade() -> None:
    op.drop_column('jobs', 'film_late_since')
