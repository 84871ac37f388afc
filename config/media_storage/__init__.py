"""Uploads and images on an S3-compatible storage: the address that selects it, and the storage itself."""
