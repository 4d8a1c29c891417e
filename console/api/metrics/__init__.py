"""/metrics for Prometheus: the store's figures at the time of the scrape, and requests served."""
