"""What Muster is apart from its orchestration."""

VERSION = "0.1.0"
"""As ``pyproject.toml`` has it, which the image does not; a test compares both."""
