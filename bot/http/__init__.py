"""What the bot serves over HTTP: links to films, health and metrics."""
