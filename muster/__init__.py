"""What Muster is apart from its orchestration."""
