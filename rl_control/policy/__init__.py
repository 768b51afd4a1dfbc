"""What acts: linear-Gaussian controllers and neural policies, their training and their export."""
