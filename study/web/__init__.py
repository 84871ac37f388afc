"""What all wings share of requests and addresses: reading what was sent, and bounded parts of addresses."""
