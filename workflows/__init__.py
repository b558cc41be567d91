"""Workflow definitions: handlers that decide, evolve and run effects."""
