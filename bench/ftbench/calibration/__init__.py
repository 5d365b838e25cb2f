"""What a step costs on a GPU: measured once, kept, and asked later without torch."""
