"""The Videos API contract: its objects, its errors, its wire rules and a client for it."""
