"""The only caller of client operations: the command line and the HTTP gateway."""
