"""The scripts that open what a server or a stranger sent, each in a sandboxed child process.

Decoding happens here, where it may crash or hang, never in the bot. Scripts are `transcode`,
`thumbnail`, `probe` and `frame`. The module of the same name in `bot.media` (`image` for `frame`)
starts the script and names its failures.
"""
