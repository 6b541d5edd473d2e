"""The two services: the only HTTP and the only secrets."""
