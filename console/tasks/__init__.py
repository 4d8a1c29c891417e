"""Tasks for people: media to be brought, discs to be carried, and which light to look for."""
