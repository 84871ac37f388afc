"""What workers share: messages that wake them, the look-out for lost work, and the heartbeat of work going on."""
