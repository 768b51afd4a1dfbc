"""What decides: Riccati recursions, iLQR and model predictive control."""
