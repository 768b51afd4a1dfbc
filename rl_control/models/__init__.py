"""What predicts: dynamics models behind one protocol."""
