"""Replay of saved histories."""
