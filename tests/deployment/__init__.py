"""`make deployment` and `make container`: what the docs and the container files say is done in an empty Debian.

Not part of `make test`: it needs root, debootstrap, systemd-nspawn, some GB of disk and the Debian mirror.
"""
