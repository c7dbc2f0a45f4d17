"""One file for each supplier; each defines `SUPPLIER`, a `ccm.adapters.base.Supplier`."""
