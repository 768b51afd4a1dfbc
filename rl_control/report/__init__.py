"""What people look at: tables, plots and video of a run."""
