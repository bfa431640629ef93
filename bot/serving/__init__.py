"""What every server of this process has in common: limits, connections, files sent over HTTP."""
