"""Townships: areas as their publishers draw them, their codes and their flaws."""
