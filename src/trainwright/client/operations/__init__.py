"""One pure function per REST operation: its arguments in, a `Request` out."""
