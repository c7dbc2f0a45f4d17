"""What is served over HTTP: `ccm.api.app` makes the app, `ccm.api.routes` holds one module for each group of paths."""
