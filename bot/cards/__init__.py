"""What people see: cards, buttons, forms and words, in every language."""
