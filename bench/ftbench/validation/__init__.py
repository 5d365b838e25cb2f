"""Configs trained to their end, and every count of ftlint's plan checked against the trainer's."""
