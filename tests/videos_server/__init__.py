"""The one scriptable Videos server of the tests: see `server` for it and `faults` for values."""
