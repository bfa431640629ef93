"""The measures: what Rushes costs, beside the bot that everybody writes."""
