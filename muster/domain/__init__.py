"""What an incident is and what its rules allow: pure, without a clock and without I/O."""
