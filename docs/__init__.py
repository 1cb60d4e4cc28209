"""What the documents show, and what makes it."""
