"""The families of rules by the beginning of their codes, and what each is about."""

FAMILIES = {
    "FT0": "reading the file",
    "FT1": "keys and their values",
    "FT2": "steps and epochs",
    "FT3": "dataset size and method",
    "FT4": "combinations that the release rejects",
    "FT5": "ignored keys",
    "FT6": "evaluation, saving, early stopping, logging, resuming",
    "FT7": "data",
    "FT8": "time, memory and hardware",
    "FT9": "ftlint itself",
}
