"""Whether a copy was delivered because not every client plays the film itself

Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('jobs') as batch_op:
        batch_op.add_column(
            sa.Column('converted', sa.Boolean(), nullable=False, server_default=sa.false())
        )
    op.execute("UPDATE jobs SET converted = fitted WHERE film LIKE '%.avi'")


def downgrade() -> None:
    with op.batch_alter_table('jobs') as batch_op:
        batch_op.drop_column('converted')
