"""What people see: the card, the lanes its edits travel in, and its way into the message."""
