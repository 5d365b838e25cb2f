"""Rules over the step plan: loaded only for configs that have one (see `ftlint.rules.phases`)."""
