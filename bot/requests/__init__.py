"""What people ask for: orders, limits, the use cases and the questions about them."""
