"""Add the settings of communities, their audit and grants, and the ledger's models

Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None


def _id() -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
    return sa.Column('id', kind, nullable=False)


def upgrade() -> None:
    op.add_column('ledger', sa.Column('model', sa.Text(), nullable=True))
    op.create_index('ix_ledger_channel_id_at', 'ledger', ['channel_id', 'at'], unique=False)
    op.execute(
        "UPDATE ledger SET model = (SELECT requests.model FROM renders "
        "JOIN requests ON requests.id = renders.request_id WHERE renders.id = ledger.render_id)"
    )
    meter = ('guild_id', 'scope', 'scope_id', 'unit', 'period', 'starts_at')
    op.create_table(
        'grants',
        _id(),
        sa.Column('guild_id', sa.BigInteger(), nullable=False),
        sa.Column('scope', sa.Text(), nullable=False),
        sa.Column('scope_id', sa.Text(), nullable=False),
        sa.Column('unit', sa.Text(), nullable=False),
        sa.Column('period', sa.Text(), nullable=False),
        sa.Column('starts_at', sa.Float(precision=53), nullable=False),
        sa.Column('amount', sa.BigInteger(), nullable=False),
        sa.Column('actor_id', sa.BigInteger(), nullable=False),
        sa.Column('at', sa.Float(precision=53), nullable=False),
        sa.Column('interaction_id', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_grants')),
    )
    op.create_index('ix_grants_meter', 'grants', [*meter, 'interaction_id'], unique=True)
    op.create_table(
        'guild_settings',
        sa.Column('guild_id', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('version', sa.BigInteger(), nullable=False),
        sa.Column('settings', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('guild_id', name=op.f('pk_guild_settings')),
    )
    op.create_table(
        'audit',
        _id(),
        sa.Column('guild_id', sa.BigInteger(), nullable=False),
        sa.Column('actor_id', sa.BigInteger(), nullable=False),
        sa.Column('action', sa.Text(), nullable=False),
        sa.Column('before', sa.Text(), nullable=True),
        sa.Column('after', sa.Text(), nullable=True),
        sa.Column('at', sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_audit')),
    )
    op.create_index('ix_audit_guild_id_at', 'audit', ['guild_id', 'at'], unique=False)


def downgrade() -> None:
    op.drop_table('audit')
    op.drop_table('guild_settings')
    op.drop_table('grants')
    op.drop_index('ix_ledger_channel_id_at', table_name='ledger')
    op.drop_column('ledger', 'model')
