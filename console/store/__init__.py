"""What the console keeps: tables, migrations, the landing zone, the layout of the data folder."""
