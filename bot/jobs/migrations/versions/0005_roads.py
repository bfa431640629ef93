"""The road that a job's last picture has begun

Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('jobs', schema=None) as batch_op:
        batch_op.add_column(sa.Column('road', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('road_at', sa.Float(53), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('jobs', schema=None) as batch_op:
        batch_op.drop_column('road_at')
        batch_op.drop_column('road')
