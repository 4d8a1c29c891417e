"""Tapes as media: which cartridge is where, and volumes on them as pax archives."""
