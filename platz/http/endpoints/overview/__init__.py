"""The routes for a first look: what the console's start, its lists and its search show."""
