"""Speed beside an alternative, for `make bench`: nothing here is a test, and no test looks at a clock."""
