"""Signed addresses of films leave the rows of jobs that have ended

Revises: 0010
"""

from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # An undelivered film may be fetched once more.
    op.execute(
        "UPDATE jobs SET film_url = NULL WHERE film_url IS NOT NULL"
        " AND status IN ('delivered', 'failed', 'cancelled', 'expired')"
    )


def downgrade() -> None:
    pass
