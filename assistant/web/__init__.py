"""The page: a chat on the left, the speech on the right, every citation one click from its sentence."""

import os

# Gradio asks its own servers for versions and statistics unless told not to before it is imported.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
