"""The control loop: leases jobs that are due, asks the backend, plans, commits, acts."""
