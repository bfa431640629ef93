"""The tables of the job store. A change here needs a migration beside it."""

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    }
)

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("prompt", sa.Text, nullable=False),
    sa.Column("size", sa.Text, nullable=False),
    sa.Column("seconds", sa.Text, nullable=False),
    sa.Column("model", sa.Text),
    sa.Column("image_url", sa.Text),
    sa.Column("image_name", sa.Text),
    sa.Column("image_of", sa.Text),
    sa.Column("image_fitted", sa.Boolean, nullable=False),
    sa.Column("remix_of", sa.Text),
    sa.Column("parent_link", sa.Text),
    sa.Column("requester_id", sa.BigInteger, nullable=False),
    sa.Column("guild_id", sa.BigInteger),
    sa.Column("channel_id", sa.BigInteger, nullable=False),
    sa.Column("application_id", sa.BigInteger, nullable=False),
    sa.Column("interaction_token", sa.Text),
    sa.Column("token_expires_at", sa.Float(53), nullable=False),
    sa.Column("message_id", sa.BigInteger),
    sa.Column("is_member", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("locale", sa.Text, nullable=False, server_default="en-US"),
    sa.Column("shown", sa.Text),
    sa.Column("upload_limit", sa.BigInteger, nullable=False),
    sa.Column("bot_upload_limit", sa.BigInteger, nullable=False),
    sa.Column("video_id", sa.Text),
    sa.Column("video_model", sa.Text),
    sa.Column("made_size", sa.Text),
    sa.Column("made_seconds", sa.Float(53)),
    sa.Column("made_cost", sa.Float(53)),
    sa.Column("made_currency", sa.Text),
    sa.Column("film_url", sa.Text),
    sa.Column("progress", sa.Integer),
    sa.Column("film", sa.Text),
    sa.Column("fitted", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("converted", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("film_attachment_id", sa.BigInteger),
    sa.Column("road", sa.Text),
    sa.Column("road_at", sa.Float(53)),
    sa.Column("link_expires_at", sa.Float(53)),
    sa.Column("error_code", sa.Text),
    sa.Column("server_code", sa.Text),
    sa.Column("error_message", sa.Text),
    sa.Column("created_at", sa.Float(53), nullable=False),
    sa.Column("sent_at", sa.Float(53)),
    sa.Column("completed_at", sa.Float(53)),
    sa.Column("ended_at", sa.Float(53)),
    sa.Column("next_look_at", sa.Float(53)),
    sa.Column("failed_looks", sa.Integer, nullable=False),
    sa.Column("missing_looks", sa.Integer, nullable=False, server_default="0"),
    sa.Column("film_tries", sa.Integer, nullable=False, server_default="0"),
    sa.Column("film_late_since", sa.Float(53)),
    sa.Column("unreachable_since", sa.Float(53)),
    sa.Index("ix_jobs_status_next_look_at", "status", "next_look_at"),
    sa.Index("ix_jobs_requester_id_status", "requester_id", "status"),
    sa.Index("ix_jobs_guild_id_created_at", "guild_id", "created_at"),
    sa.Index("ix_jobs_video_id", "video_id"),
    sa.Index("ix_jobs_size_seconds_completed_at", "size", "seconds", "completed_at"),
)

job_watchers = sa.Table(
    "job_watchers",
    metadata,
    sa.Column("job_id", sa.Text, sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("user_id", sa.BigInteger, primary_key=True),
)
"""Who asked to be told when a job ends."""

job_images = sa.Table(
    "job_images",
    metadata,
    sa.Column("job_id", sa.Text, sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("filename", sa.Text, nullable=False),
    sa.Column("content_type", sa.Text, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
)

job_stills = sa.Table(
    "job_stills",
    metadata,
    sa.Column("job_id", sa.Text, sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
)
"""A small JPEG of each delivered film."""

open_creates = sa.Table(
    "open_creates",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("job_id", sa.Text, nullable=False),
    sa.Column("requester_id", sa.BigInteger, nullable=False),
    sa.Column("video_id", sa.Text),
    sa.Column("expires_at", sa.Float(53), nullable=False),
)
"""Creates that may still render although no job waits for them. They outlive their job's row."""
