"""An index of the server's ids, by which its list is compared with ours

Revises: 0006
"""

from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f('ix_jobs_video_id'), 'jobs', ['video_id'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_jobs_video_id'), table_name='jobs')
