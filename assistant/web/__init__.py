"""The page: a chat on the left, the speech on the right, every citation one click from its sentence."""
