"""Add meters, holds and the ledger, so that limits hold and money adds up

Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None

_METER = (
    ('guild_id', sa.BigInteger()),
    ('scope', sa.Text()),
    ('scope_id', sa.Text()),
    ('unit', sa.Text()),
    ('period', sa.Text()),
    ('starts_at', sa.Float(precision=53)),
)


def upgrade() -> None:
    with op.batch_alter_table('open_creates', schema=None) as batch_op:
        batch_op.add_column(sa.Column('guild_id', sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column('hold_id', sa.BigInteger(), nullable=True))
    op.execute(
        "UPDATE open_creates SET guild_id = (SELECT requests.guild_id FROM renders "
        "JOIN requests ON requests.id = renders.request_id "
        "WHERE renders.id = open_creates.render_id)"
    )
    op.create_table(
        'meters',
        *(sa.Column(name, kind, nullable=False) for name, kind in _METER),
        sa.Column('ends_at', sa.Float(precision=53), nullable=True),
        sa.Column('held', sa.BigInteger(), nullable=False),
        sa.Column('spent', sa.BigInteger(), nullable=False),
        sa.Column('granted', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(*(name for name, _ in _METER), name=op.f('pk_meters')),
    )
    op.create_table(
        'holds',
        sa.Column('hold_id', sa.BigInteger(), nullable=False),
        *(sa.Column(name, kind, nullable=False) for name, kind in _METER),
        sa.Column('amount', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('hold_id', *(name for name, _ in _METER), name=op.f('pk_holds')),
    )
    _create_ledger()
    _hold_what_runs()


def _create_ledger() -> None:
    op.create_table(
        'ledger',
        sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('kind', sa.Text(), nullable=False),
        sa.Column('hold_id', sa.BigInteger(), nullable=True),
        sa.Column('render_id', sa.Text(), nullable=False),
        sa.Column('guild_id', sa.BigInteger(), nullable=False),
        sa.Column('channel_id', sa.BigInteger(), nullable=False),
        sa.Column('requester_id', sa.BigInteger(), nullable=False),
        sa.Column('videos', sa.BigInteger(), nullable=False),
        sa.Column('seconds', sa.BigInteger(), nullable=False),
        sa.Column('money', sa.BigInteger(), nullable=True),
        sa.Column('at', sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_ledger')),
    )
    for columns, unique in (
        (['at'], False),
        (['hold_id'], True),
        (['render_id'], False),
        (['requester_id', 'at'], False),
        (['guild_id', 'at'], False),
    ):
        op.create_index(f'ix_ledger_{"_".join(columns)}', 'ledger', columns, unique=unique)


def _hold_what_runs() -> None:
    """Enter the creates that are under way; what ended before this version is not in the ledger."""
    op.execute(
        "INSERT INTO ledger (kind, render_id, guild_id, channel_id, requester_id, videos, seconds, "
        "money, at) "
        "SELECT 'hold', renders.id, coalesce(requests.guild_id, 0), requests.channel_id, "
        "requests.requester_id, 1, CAST(requests.seconds AS INTEGER), NULL, requests.created_at "
        "FROM renders JOIN requests ON requests.id = renders.request_id "
        "WHERE renders.status IN ('requested', 'sending', 'unconfirmed', 'queued', 'in_progress') "
        "ORDER BY requests.created_at"
    )


def downgrade() -> None:
    op.drop_table('ledger')
    op.drop_table('holds')
    op.drop_table('meters')
    with op.batch_alter_table('open_creates', schema=None) as batch_op:
        batch_op.drop_column('hold_id')
        batch_op.drop_column('guild_id')
