"""Dust in the air: Sensirion SPS30."""
