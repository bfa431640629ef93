"""What must not be forgotten: jobs, their life, their rows on disk and who looks after them."""
