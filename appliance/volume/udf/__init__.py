"""UDF 1.02 (ECMA-167, second edition) as byte structures: what a volume uses of it, and no more."""
