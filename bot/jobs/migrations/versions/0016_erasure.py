"""Add the key of pseudonyms, the communities that were left, and an index of parents

Revises: 0015
"""

import secrets

import sqlalchemy as sa
from alembic import op

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        'ix_requests_parent_render_id', 'requests', ['parent_render_id'], unique=False
    )
    op.create_table(
        'departures',
        sa.Column('guild_id', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('at', sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint('guild_id', name=op.f('pk_departures')),
    )
    keys = op.create_table(
        'secrets',
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('value', sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint('name', name=op.f('pk_secrets')),
    )
    op.bulk_insert(keys, [{'name': 'pseudonyms', 'value': secrets.token_bytes(32)}])


def downgrade() -> None:
    op.drop_table('secrets')
    op.drop_table('departures')
    op.drop_index('ix_requests_parent_render_id', table_name='requests')
