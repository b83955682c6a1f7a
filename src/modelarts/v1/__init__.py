"""The first generation of the SDK: jobs with versions, over jobs without (docs/adr/0029). See `modelarts.estimator`."""
