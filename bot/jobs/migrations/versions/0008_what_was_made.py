"""Keep what a server says that it made: its frame, its length and its cost

Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('jobs') as batch_op:
        batch_op.add_column(sa.Column('made_size', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('made_seconds', sa.Float(53), nullable=True))
        batch_op.add_column(sa.Column('made_cost', sa.Float(53), nullable=True))
        batch_op.add_column(sa.Column('made_currency', sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('jobs') as batch_op:
        batch_op.drop_column('made_currency')
        batch_op.drop_column('made_cost')
        batch_op.drop_column('made_seconds')
        batch_op.drop_column('made_size')
