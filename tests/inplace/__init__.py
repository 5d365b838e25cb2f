"""ftlint on published configs where they lie, each finding judged as the config's owner would.

    python -m tests.inplace FOLDER

FOLDER holds clones of the repositories of `inplace.jsonl` in the corpus, as `owner+name`, at the
commits named there. The findings on those configs, and on each config of the corpus by itself, are
held against judgements.yaml; docs/in-place.md gets the figures. Findings that nobody has judged are
listed, and judgements without a finding; the exit status is 1 where there is one of the former.
"""
