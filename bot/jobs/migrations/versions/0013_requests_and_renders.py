"""Split jobs into requests with their cards and renders, so that a request may have several

Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None

_HAS_IMAGE = (
    "image_name IS NOT NULL OR image_url IS NOT NULL "
    "OR EXISTS (SELECT 1 FROM job_images WHERE job_images.job_id IN (jobs.id, jobs.image_of))"
)
_REASONS = (
    "videos_error not_sent outcome_unknown refused bad_request unauthorized not_allowed moved busy "
    "not_found unavailable film_not_ready film_broken film_too_large film_withheld server_forgot "
    "cannot_remix overdue not_sent_before_restart lost_while_sending disk_failed image_lost "
    "image_unusable unforeseen cancelled_everywhere cancelled_here dropped not_kept discord_away "
    "not_taken film_refused film_lost no_access too_large frames_too_large cannot_convert"
).split()
_REASON = (
    f"CASE WHEN error_code IS NULL OR error_code IN ({', '.join(map(repr, _REASONS))}) "
    "THEN error_code ELSE 'videos_error' END"
)
_RUNNING = "status IN ('queued', 'in_progress')"


def upgrade() -> None:
    _create_tables()
    op.execute(
        "INSERT INTO requests (id, state, requester_id, guild_id, channel_id, application_id, "
        "is_member, locale, prompt, size, seconds, model, image_name, image_url, image_request_id, "
        "image_resized, verb, parent_video_id, parent_link, message_id, interaction_token, "
        "token_expires_at, upload_limit, bot_upload_limit, shown, fallback, fallback_at, "
        "card_retry_at, created_at) "
        "SELECT id, 'admitted', requester_id, guild_id, channel_id, application_id, "
        "is_member, locale, prompt, size, seconds, model, "
        f"CASE WHEN {_HAS_IMAGE} THEN coalesce(image_name, 'image') END, image_url, "
        f"CASE WHEN {_HAS_IMAGE} THEN image_of END, "
        "image_fitted, CASE WHEN remix_of IS NOT NULL THEN 'remix' "
        "WHEN parent_link IS NOT NULL THEN 'again' ELSE 'new' END, remix_of, parent_link, "
        "message_id, interaction_token, token_expires_at, upload_limit, bot_upload_limit, shown, "
        "road, road_at, "
        f"CASE WHEN NOT ({_RUNNING}) AND status <> 'completed' THEN next_look_at END, created_at "
        "FROM jobs"
    )
    op.execute(
        "INSERT INTO renders (id, request_id, position, server, status, reason, server_code, "
        "server_message, video_id, video_model, progress, made_size, made_seconds, made_cost, "
        "made_currency, film_url, film, transcoded, converted, attachment_id, link_expires_at, "
        "sent_at, completed_at, ended_at, next_poll_at, failed_polls, missing_polls, "
        "unreachable_since, next_delivery_at, failed_deliveries, download_attempts, "
        "delivery_attempts, film_late_since) "
        f"SELECT id, id, 0, 'default', status, {_REASON}, server_code, error_message, video_id, "
        "video_model, progress, made_size, made_seconds, made_cost, made_currency, film_url, film, "
        "fitted, converted, film_attachment_id, link_expires_at, sent_at, completed_at, ended_at, "
        f"CASE WHEN {_RUNNING} THEN next_look_at END, "
        f"CASE WHEN {_RUNNING} THEN failed_looks ELSE 0 END, missing_looks, unreachable_since, "
        "CASE WHEN status = 'completed' THEN next_look_at END, "
        "CASE WHEN status = 'completed' THEN failed_looks ELSE 0 END, "
        "CASE WHEN film IS NULL THEN film_tries ELSE 0 END, "
        "CASE WHEN film IS NULL THEN 0 ELSE film_tries END, film_late_since FROM jobs"
    )
    op.execute("INSERT INTO subscriptions SELECT job_id, user_id FROM job_watchers")
    op.execute(
        "INSERT INTO request_images SELECT job_id, filename, content_type, data FROM job_images"
    )
    op.execute("INSERT INTO thumbnails SELECT job_id, data FROM job_stills")
    for table in ('job_watchers', 'job_images', 'job_stills', 'jobs'):
        op.drop_table(table)
    with op.batch_alter_table('open_creates') as batch_op:
        batch_op.alter_column('job_id', new_column_name='render_id')


def _create_tables() -> None:
    op.create_table(
        'requests',
        sa.Column('id', sa.Text(), nullable=False),
        sa.Column('interaction_id', sa.BigInteger(), nullable=True),
        sa.Column('state', sa.Text(), nullable=False),
        sa.Column('requester_id', sa.BigInteger(), nullable=False),
        sa.Column('guild_id', sa.BigInteger(), nullable=True),
        sa.Column('channel_id', sa.BigInteger(), nullable=False),
        sa.Column('application_id', sa.BigInteger(), nullable=False),
        sa.Column('is_member', sa.Boolean(), nullable=False),
        sa.Column('locale', sa.Text(), nullable=False),
        sa.Column('prompt', sa.Text(), nullable=False),
        sa.Column('size', sa.Text(), nullable=False),
        sa.Column('seconds', sa.Text(), nullable=False),
        sa.Column('model', sa.Text(), nullable=True),
        sa.Column('options', sa.Text(), nullable=True),
        sa.Column('image_name', sa.Text(), nullable=True),
        sa.Column('image_url', sa.Text(), nullable=True),
        sa.Column('image_request_id', sa.Text(), nullable=True),
        sa.Column('image_resized', sa.Boolean(), nullable=False),
        sa.Column('verb', sa.Text(), nullable=False),
        sa.Column('parent_render_id', sa.Text(), nullable=True),
        sa.Column('parent_video_id', sa.Text(), nullable=True),
        sa.Column('parent_link', sa.Text(), nullable=True),
        sa.Column('message_id', sa.BigInteger(), nullable=True),
        sa.Column('interaction_token', sa.Text(), nullable=True),
        sa.Column('token_expires_at', sa.Float(precision=53), nullable=False),
        sa.Column('upload_limit', sa.BigInteger(), nullable=False),
        sa.Column('bot_upload_limit', sa.BigInteger(), nullable=False),
        sa.Column('shown', sa.Text(), nullable=True),
        sa.Column('fallback', sa.Text(), nullable=True),
        sa.Column('fallback_at', sa.Float(precision=53), nullable=True),
        sa.Column('card_retry_at', sa.Float(precision=53), nullable=True),
        sa.Column('created_at', sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_requests')),
        sa.UniqueConstraint('interaction_id', name=op.f('uq_requests_interaction_id')),
    )
    op.create_index('ix_requests_requester_id_created_at', 'requests', ['requester_id', 'created_at'])
    op.create_index('ix_requests_guild_id_created_at', 'requests', ['guild_id', 'created_at'])
    op.create_index('ix_requests_card_retry_at', 'requests', ['card_retry_at'])
    op.create_table(
        'renders',
        sa.Column('id', sa.Text(), nullable=False),
        sa.Column('request_id', sa.Text(), nullable=False),
        sa.Column('position', sa.Integer(), nullable=False),
        sa.Column('server', sa.Text(), nullable=False),
        sa.Column('status', sa.Text(), nullable=False),
        sa.Column('reason', sa.Text(), nullable=True),
        sa.Column('server_code', sa.Text(), nullable=True),
        sa.Column('server_message', sa.Text(), nullable=True),
        sa.Column('video_id', sa.Text(), nullable=True),
        sa.Column('video_model', sa.Text(), nullable=True),
        sa.Column('progress', sa.Integer(), nullable=True),
        sa.Column('made_size', sa.Text(), nullable=True),
        sa.Column('made_seconds', sa.Float(precision=53), nullable=True),
        sa.Column('made_cost', sa.Float(precision=53), nullable=True),
        sa.Column('made_currency', sa.Text(), nullable=True),
        sa.Column('film_url', sa.Text(), nullable=True),
        sa.Column('film', sa.Text(), nullable=True),
        sa.Column('transcoded', sa.Boolean(), nullable=False),
        sa.Column('converted', sa.Boolean(), nullable=False),
        sa.Column('attachment_id', sa.BigInteger(), nullable=True),
        sa.Column('link_expires_at', sa.Float(precision=53), nullable=True),
        sa.Column('sent_at', sa.Float(precision=53), nullable=True),
        sa.Column('completed_at', sa.Float(precision=53), nullable=True),
        sa.Column('ended_at', sa.Float(precision=53), nullable=True),
        sa.Column('next_poll_at', sa.Float(precision=53), nullable=True),
        sa.Column('failed_polls', sa.Integer(), nullable=False),
        sa.Column('missing_polls', sa.Integer(), nullable=False),
        sa.Column('unreachable_since', sa.Float(precision=53), nullable=True),
        sa.Column('next_delivery_at', sa.Float(precision=53), nullable=True),
        sa.Column('failed_deliveries', sa.Integer(), nullable=False),
        sa.Column('download_attempts', sa.Integer(), nullable=False),
        sa.Column('delivery_attempts', sa.Integer(), nullable=False),
        sa.Column('film_late_since', sa.Float(precision=53), nullable=True),
        sa.ForeignKeyConstraint(
            ['request_id'], ['requests.id'], name=op.f('fk_renders_request_id_requests'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_renders')),
    )
    op.create_index('ix_renders_request_id', 'renders', ['request_id'])
    op.create_index('ix_renders_status_next_poll_at', 'renders', ['status', 'next_poll_at'])
    op.create_index('ix_renders_status_next_delivery_at', 'renders', ['status', 'next_delivery_at'])
    op.create_index('ix_renders_video_id', 'renders', ['video_id'])
    op.create_index('ix_renders_completed_at', 'renders', ['completed_at'])
    op.create_table(
        'subscriptions',
        sa.Column('request_id', sa.Text(), nullable=False),
        sa.Column('user_id', sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ['request_id'], ['requests.id'], name=op.f('fk_subscriptions_request_id_requests'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('request_id', 'user_id', name=op.f('pk_subscriptions')),
    )
    op.create_table(
        'request_images',
        sa.Column('request_id', sa.Text(), nullable=False),
        sa.Column('filename', sa.Text(), nullable=False),
        sa.Column('content_type', sa.Text(), nullable=False),
        sa.Column('data', sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ['request_id'], ['requests.id'], name=op.f('fk_request_images_request_id_requests'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('request_id', name=op.f('pk_request_images')),
    )
    op.create_table(
        'thumbnails',
        sa.Column('render_id', sa.Text(), nullable=False),
        sa.Column('data', sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ['render_id'], ['renders.id'], name=op.f('fk_thumbnails_render_id_renders'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('render_id', name=op.f('pk_thumbnails')),
    )
