"""Short real fine-tunes that prove ftlint's step counts and calibrate its clock."""
