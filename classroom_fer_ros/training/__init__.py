"""Training with PyTorch: data sets, networks, loops and export. Never imported at run time."""
