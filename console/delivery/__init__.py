"""Handing over what is here: files and ZIPs that resume, folders on the console's side."""
