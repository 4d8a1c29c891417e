"""The rules that an archive keeps to: policies, pools and namespaces, and every version of them."""
