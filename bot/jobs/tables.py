"""The tables of the job store. A change here needs a migration beside it."""

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    }
)


def _belongs_to(table: str) -> sa.ForeignKey:
    """Return the key of a row that goes with the one it names."""
    return sa.ForeignKey(f"{table}.id", ondelete="CASCADE")


requests = sa.Table(
    "requests",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("interaction_id", sa.BigInteger, unique=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("requester_id", sa.BigInteger, nullable=False),
    sa.Column("guild_id", sa.BigInteger),
    sa.Column("channel_id", sa.BigInteger, nullable=False),
    sa.Column("application_id", sa.BigInteger, nullable=False),
    sa.Column("is_member", sa.Boolean, nullable=False),
    sa.Column("locale", sa.Text, nullable=False),
    sa.Column("prompt", sa.Text, nullable=False),
    sa.Column("size", sa.Text, nullable=False),
    sa.Column("seconds", sa.Text, nullable=False),
    sa.Column("model", sa.Text),
    sa.Column("options", sa.Text),
    sa.Column("image_name", sa.Text),
    sa.Column("image_url", sa.Text),
    sa.Column("image_request_id", sa.Text),
    sa.Column("image_resized", sa.Boolean, nullable=False),
    sa.Column("verb", sa.Text, nullable=False),
    sa.Column("parent_render_id", sa.Text),
    sa.Column("parent_video_id", sa.Text),
    sa.Column("parent_link", sa.Text),
    sa.Column("message_id", sa.BigInteger),
    sa.Column("interaction_token", sa.Text),
    sa.Column("token_expires_at", sa.Float(53), nullable=False),
    sa.Column("upload_limit", sa.BigInteger, nullable=False),
    sa.Column("bot_upload_limit", sa.BigInteger, nullable=False),
    sa.Column("shown", sa.Text),
    sa.Column("fallback", sa.Text),
    sa.Column("fallback_at", sa.Float(53)),
    sa.Column("card_retry_at", sa.Float(53)),
    sa.Column("created_at", sa.Float(53), nullable=False),
    sa.Index("ix_requests_requester_id_created_at", "requester_id", "created_at"),
    sa.Index("ix_requests_guild_id_created_at", "guild_id", "created_at"),
    sa.Index("ix_requests_card_retry_at", "card_retry_at"),
    sa.Index("ix_requests_parent_render_id", "parent_render_id"),
)
"""Who asked for what, where, and the card. `options` is a JSON object of further API fields. A
prompt or an image's name is empty where it was another person's, who deleted or erased it."""

renders = sa.Table(
    "renders",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("request_id", sa.Text, _belongs_to("requests"), nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("server", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("server_code", sa.Text),
    sa.Column("server_message", sa.Text),
    sa.Column("video_id", sa.Text),
    sa.Column("video_model", sa.Text),
    sa.Column("progress", sa.Integer),
    sa.Column("made_size", sa.Text),
    sa.Column("made_seconds", sa.Float(53)),
    sa.Column("made_cost", sa.Float(53)),
    sa.Column("made_currency", sa.Text),
    sa.Column("film_url", sa.Text),
    sa.Column("film", sa.Text),
    sa.Column("transcoded", sa.Boolean, nullable=False),
    sa.Column("converted", sa.Boolean, nullable=False),
    sa.Column("attachment_id", sa.BigInteger),
    sa.Column("link_expires_at", sa.Float(53)),
    sa.Column("sent_at", sa.Float(53)),
    sa.Column("completed_at", sa.Float(53)),
    sa.Column("ended_at", sa.Float(53)),
    sa.Column("next_poll_at", sa.Float(53)),
    sa.Column("failed_polls", sa.Integer, nullable=False),
    sa.Column("missing_polls", sa.Integer, nullable=False),
    sa.Column("unreachable_since", sa.Float(53)),
    sa.Column("next_delivery_at", sa.Float(53)),
    sa.Column("failed_deliveries", sa.Integer, nullable=False),
    sa.Column("download_attempts", sa.Integer, nullable=False),
    sa.Column("delivery_attempts", sa.Integer, nullable=False),
    sa.Column("film_late_since", sa.Float(53)),
    sa.Index("ix_renders_request_id", "request_id"),
    sa.Index("ix_renders_status_next_poll_at", "status", "next_poll_at"),
    sa.Index("ix_renders_status_next_delivery_at", "status", "next_delivery_at"),
    sa.Index("ix_renders_video_id", "video_id"),
    sa.Index("ix_renders_completed_at", "completed_at"),
)
"""One film of one server each. Of a create that makes several, renders share its `video_id`."""

subscriptions = sa.Table(
    "subscriptions",
    metadata,
    sa.Column("request_id", sa.Text, _belongs_to("requests"), primary_key=True),
    sa.Column("user_id", sa.BigInteger, primary_key=True),
)
"""Who is notified when a request has ended."""

request_images = sa.Table(
    "request_images",
    metadata,
    sa.Column("request_id", sa.Text, _belongs_to("requests"), primary_key=True),
    sa.Column("filename", sa.Text, nullable=False),
    sa.Column("content_type", sa.Text, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
)

thumbnails = sa.Table(
    "thumbnails",
    metadata,
    sa.Column("render_id", sa.Text, _belongs_to("renders"), primary_key=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
)
"""A small JPEG of each delivered film; empty where none could be taken."""

open_creates = sa.Table(
    "open_creates",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("render_id", sa.Text, nullable=False),
    sa.Column("requester_id", sa.BigInteger, nullable=False),
    sa.Column("video_id", sa.Text),
    sa.Column("expires_at", sa.Float(53), nullable=False),
    sa.Column("guild_id", sa.BigInteger),
    sa.Column("hold_id", sa.BigInteger),
)
"""Creates that may still render although nobody waits for them. They outlive their render's row."""

_METER = (
    ("guild_id", sa.BigInteger),
    ("scope", sa.Text),
    ("scope_id", sa.Text),
    ("unit", sa.Text),
    ("period", sa.Text),
    ("starts_at", sa.Float(53)),
)
"""What names a meter. Nothing of it is NULL: a NULL never conflicts, and overspends."""

meters = sa.Table(
    "meters",
    metadata,
    *(sa.Column(name, kind, primary_key=True, autoincrement=False) for name, kind in _METER),
    sa.Column("ends_at", sa.Float(53)),
    sa.Column("held", sa.BigInteger, nullable=False),
    sa.Column("spent", sa.BigInteger, nullable=False),
    sa.Column("granted", sa.BigInteger, nullable=False),
)
"""What each limit has counted in one window; the sums of the ledger's entries in it."""

holds = sa.Table(
    "holds",
    metadata,
    sa.Column("hold_id", sa.BigInteger, primary_key=True, autoincrement=False),
    *(sa.Column(name, kind, primary_key=True, autoincrement=False) for name, kind in _METER),
    sa.Column("amount", sa.BigInteger, nullable=False),
)
"""What an unfinished create holds on each meter: a refund goes back to the window it came from."""

ledger = sa.Table(
    "ledger",
    metadata,
    # SQLite counts up by itself in a column of exactly this type alone.
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("hold_id", sa.BigInteger),
    sa.Column("render_id", sa.Text, nullable=False),
    sa.Column("guild_id", sa.BigInteger, nullable=False),
    sa.Column("channel_id", sa.BigInteger, nullable=False),
    sa.Column("requester_id", sa.BigInteger, nullable=False),
    sa.Column("videos", sa.BigInteger, nullable=False),
    sa.Column("seconds", sa.BigInteger, nullable=False),
    sa.Column("money", sa.BigInteger),
    sa.Column("at", sa.Float(53), nullable=False),
    sa.Column("model", sa.Text),
    sa.Index("ix_ledger_at", "at"),
    sa.Index("ix_ledger_hold_id", "hold_id", unique=True),
    sa.Index("ix_ledger_render_id", "render_id"),
    sa.Index("ix_ledger_requester_id_at", "requester_id", "at"),
    sa.Index("ix_ledger_guild_id_at", "guild_id", "at"),
    sa.Index("ix_ledger_channel_id_at", "channel_id", "at"),
)
"""Every create and what came of it, append-only: only an erasure changes a row, and of it only
whose it is (bot/jobs/personal_data.py). `hold_id` names the entry that this one finishes; guild 0
stands for a direct message, a thread counts as its parent channel, and money is in millionths, NULL
where no price is known."""

grants = sa.Table(
    "grants",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    *(sa.Column(name, kind, nullable=False) for name, kind in _METER),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("actor_id", sa.BigInteger, nullable=False),
    sa.Column("at", sa.Float(53), nullable=False),
    sa.Column("interaction_id", sa.BigInteger, nullable=False),
    sa.Index("ix_grants_meter", *(name for name, _ in _METER), "interaction_id", unique=True),
)
"""What was granted beyond a limit in one window, append-only."""

guild_settings = sa.Table(
    "guild_settings",
    metadata,
    sa.Column("guild_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("settings", sa.Text, nullable=False),
)
"""What each community has set, as JSON."""

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("guild_id", sa.BigInteger, nullable=False),
    sa.Column("actor_id", sa.BigInteger, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("before", sa.Text),
    sa.Column("after", sa.Text),
    sa.Column("at", sa.Float(53), nullable=False),
    sa.Index("ix_audit_guild_id_at", "guild_id", "at"),
)
"""Who changed what in a community, append-only."""

departures = sa.Table(
    "departures",
    metadata,
    sa.Column("guild_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", sa.Float(53), nullable=False),
)
"""Communities that the bot has left, and since when; their rows are removed some time later."""

secrets = sa.Table(
    "secrets",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.LargeBinary, nullable=False),
)
"""Keys of this database, made with it."""
