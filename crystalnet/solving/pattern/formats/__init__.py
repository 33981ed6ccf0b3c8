"""The formats that powder patterns come in."""
