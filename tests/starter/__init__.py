"""Tests of the CLI and of the gateway."""
