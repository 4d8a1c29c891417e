"""Tag reader for UHF: YRM100."""
