"""Programs: exact steps over sets of entities, which answer what a walk alone cannot: counts, extremes, sums."""
