"""One module for each group of paths; each makes its router from a `Project`."""
